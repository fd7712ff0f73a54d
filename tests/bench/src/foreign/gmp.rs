//! GMP, the shared library of the system: `mpz_powm_sec` for all three powers.

use core::{ffi::CStr, mem::MaybeUninit};

use tacit_shared::srp::Group;

use crate::peers::Integers as Library;

/// What is called of libgmp, as `gmp.h` of GMP 6 declares it.
mod sys {
    use core::ffi::{c_char, c_int, c_void};

    /// `__mpz_struct`
    #[repr(C)]
    pub(super) struct Mpz {
        pub(super) alloc: c_int,
        pub(super) size: c_int,
        pub(super) limbs: *mut c_void,
    }

    // SAFETY: the signatures are those of the header.
    #[link(name = "gmp")]
    unsafe extern "C" {
        #[link_name = "__gmp_version"]
        pub(super) static VERSION: *const c_char;
        #[link_name = "__gmpz_init"]
        pub(super) fn init(x: *mut Mpz);
        #[link_name = "__gmpz_clear"]
        pub(super) fn clear(x: *mut Mpz);
        #[link_name = "__gmpz_import"]
        pub(super) fn import(
            out: *mut Mpz,
            count: usize,
            order: c_int,
            size: usize,
            endian: c_int,
            nails: usize,
            bytes: *const c_void,
        );
        #[link_name = "__gmpz_export"]
        pub(super) fn export(
            out: *mut c_void,
            count: *mut usize,
            order: c_int,
            size: usize,
            endian: c_int,
            nails: usize,
            value: *const Mpz,
        ) -> *mut c_void;
        #[link_name = "__gmpz_sizeinbase"]
        pub(super) fn size_in_base(value: *const Mpz, base: c_int) -> usize;
        #[link_name = "__gmpz_powm_sec"]
        pub(super) fn powm_sec(out: *mut Mpz, base: *const Mpz, exponent: *const Mpz, modulus: *const Mpz);
        #[link_name = "__gmpz_mul"]
        pub(super) fn mul(out: *mut Mpz, left: *const Mpz, right: *const Mpz);
        #[link_name = "__gmpz_add"]
        pub(super) fn add(out: *mut Mpz, left: *const Mpz, right: *const Mpz);
        #[link_name = "__gmpz_mod"]
        pub(super) fn modulo(out: *mut Mpz, value: *const Mpz, modulus: *const Mpz);
    }
}

/// An integer of the library's. Boxed, so that it has one address from `init` to `clear`.
pub(crate) struct Integer(Box<sys::Mpz>);

impl Integer {
    fn new() -> Self {
        let mut value = Box::<sys::Mpz>::new_uninit();
        // SAFETY: `init` writes all three members of the structure it is given.
        let value = unsafe {
            sys::init(MaybeUninit::as_mut_ptr(&mut value));
            value.assume_init()
        };
        Self(value)
    }

    fn read(bytes: &[u8]) -> Self {
        let mut out = Self::new();
        // SAFETY: a live integer; `bytes.len()` words of one byte each, the most significant first.
        unsafe { sys::import(&raw mut *out.0, bytes.len(), 1, 1, 1, 0, bytes.as_ptr().cast()) }
        out
    }

    /// `op(out, …) mod N`
    fn reduced(mut self, modulus: &Self) -> Self {
        let value = &raw mut *self.0;
        // SAFETY: live integers; the library allows the result to be its own operand; `N` is not zero.
        unsafe { sys::modulo(value, value, &raw const *modulus.0) }
        self
    }
}

impl Drop for Integer {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`, and not used again.
        unsafe { sys::clear(&raw mut *self.0) }
    }
}

/// A group's integers: `N` and `g`.
pub(crate) struct Integers {
    n: Integer,
    g: Integer,
    len: usize,
}

impl Integers {
    pub(crate) fn new(group: Group) -> Self {
        Self { n: Integer::read(group.modulus()), g: Integer::read(&group.generator().to_be_bytes()), len: group.len() }
    }
}

impl Library for Integers {
    type Integer = Integer;
    const NAME: &'static str = "GMP mpz_powm_sec";
    const CONSTANT_TIME: bool = true;

    fn read(&self, bytes: &[u8]) -> Integer {
        Integer::read(bytes)
    }

    fn write(&self, value: &Integer) -> Vec<u8> {
        // SAFETY: a live integer; base 256 does not exist, so the bits are counted.
        let bytes = unsafe { sys::size_in_base(&raw const *value.0, 2) }.div_ceil(8);
        let mut out = vec![0; self.len];
        let unused = self.len.checked_sub(bytes).expect("the integer does not fit");
        let mut count = 0;
        // SAFETY: the buffer has room for the `bytes` words of one byte that the value has, from `unused` on. Zero has
        // none, and `size_in_base` says one for it.
        unsafe {
            let start = out.as_mut_ptr().add(unused).cast();
            sys::export(start, &raw mut count, 1, 1, 1, 0, &raw const *value.0);
        }
        out
    }

    fn generator(&self) -> &Integer {
        &self.g
    }

    fn power(&self, base: &Integer, exponent: &Integer) -> Integer {
        let mut out = Integer::new();
        // SAFETY: live integers; the exponent is positive and `N` odd, as the manual demands.
        unsafe {
            sys::powm_sec(&raw mut *out.0, &raw const *base.0, &raw const *exponent.0, &raw const *self.n.0);
        }
        out
    }

    fn multiply(&self, left: &Integer, right: &Integer) -> Integer {
        let mut out = Integer::new();
        // SAFETY: live integers.
        unsafe { sys::mul(&raw mut *out.0, &raw const *left.0, &raw const *right.0) }
        out.reduced(&self.n)
    }

    fn add(&self, left: &Integer, right: &Integer) -> Integer {
        let mut out = Integer::new();
        // SAFETY: live integers.
        unsafe { sys::add(&raw mut *out.0, &raw const *left.0, &raw const *right.0) }
        out.reduced(&self.n)
    }
}

/// What the library says it is.
pub(crate) fn version() -> String {
    // SAFETY: a constant of the library: a text that ends with a zero byte.
    let text = unsafe { CStr::from_ptr(sys::VERSION) };
    format!("GMP {}", text.to_string_lossy())
}
