//! The libraries written in C, each behind a safe type: the only `unsafe` of this crate.
//!
//! OpenSSL and GMP are declared by hand, a handful of functions each, from their public headers (`openssl/bn.h`,
//! `gmp.h`): no build script, nothing to generate. aws-lc comes with the declarations of the crate that builds it, and has
//! OpenSSL's interface, so both share [`big_numbers`].
#![expect(unsafe_code, reason = "C is called here and nowhere else")]

#[macro_use]
mod big_numbers;

#[cfg(feature = "gmp")]
pub(crate) mod gmp;

/// aws-lc, as `aws-lc-sys` builds it.
pub(crate) mod aws_lc {
    use aws_lc_sys as sys;

    big_numbers!("aws-lc, constant time");
}

/// OpenSSL 3, the shared library of the system.
#[cfg(feature = "openssl")]
pub(crate) mod openssl {
    mod sys;

    big_numbers!("OpenSSL 3, constant time");
}
