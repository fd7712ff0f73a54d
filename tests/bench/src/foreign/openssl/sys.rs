//! What is called of libcrypto, as `openssl/bn.h` and `openssl/crypto.h` of OpenSSL 3 declare it.
#![expect(clippy::upper_case_acronyms, reason = "the names of the headers")]

use core::ffi::{c_char, c_int};

macro_rules! opaque {
    ($($name:ident)*) => {$(
        /// Known only to the library; used behind pointers.
        #[repr(C)]
        pub(super) struct $name {
            private: [u8; 0],
        }
    )*};
}

opaque!(BIGNUM BN_CTX BN_MONT_CTX);

// SAFETY: the signatures are those of the headers; C's `int` and `unsigned char` are `c_int` and `u8`.
#[link(name = "crypto")]
unsafe extern "C" {
    pub(super) fn BN_new() -> *mut BIGNUM;
    pub(super) fn BN_clear_free(a: *mut BIGNUM);
    pub(super) fn BN_bin2bn(s: *const u8, len: c_int, ret: *mut BIGNUM) -> *mut BIGNUM;
    pub(super) fn BN_bn2binpad(a: *const BIGNUM, to: *mut u8, tolen: c_int) -> c_int;
    pub(super) fn BN_CTX_new() -> *mut BN_CTX;
    pub(super) fn BN_CTX_free(c: *mut BN_CTX);
    pub(super) fn BN_MONT_CTX_new() -> *mut BN_MONT_CTX;
    pub(super) fn BN_MONT_CTX_free(mont: *mut BN_MONT_CTX);
    pub(super) fn BN_MONT_CTX_set(mont: *mut BN_MONT_CTX, modulus: *const BIGNUM, ctx: *mut BN_CTX) -> c_int;
    pub(super) fn BN_mod_add(
        r: *mut BIGNUM,
        a: *const BIGNUM,
        b: *const BIGNUM,
        m: *const BIGNUM,
        ctx: *mut BN_CTX,
    ) -> c_int;
    pub(super) fn BN_mod_mul(
        r: *mut BIGNUM,
        a: *const BIGNUM,
        b: *const BIGNUM,
        m: *const BIGNUM,
        ctx: *mut BN_CTX,
    ) -> c_int;
    pub(super) fn BN_mod_exp_mont_consttime(
        rr: *mut BIGNUM,
        a: *const BIGNUM,
        p: *const BIGNUM,
        m: *const BIGNUM,
        ctx: *mut BN_CTX,
        in_mont: *mut BN_MONT_CTX,
    ) -> c_int;
    pub(super) fn OpenSSL_version(kind: c_int) -> *const c_char;
}
