//! The interface `BN_*`, which OpenSSL and aws-lc share: a module that has the library's declarations as `sys` gets the
//! safe types from here.

/// Declares `BigNumbers`, the group's integers in this library, and `version`.
macro_rules! big_numbers {
    ($name:literal) => {
        use core::{ffi::CStr, ptr};

        use tacit_shared::srp::Group;

        use crate::peers::Integers;

        /// An integer of the library's: never null, owned, wiped when dropped.
        pub(crate) struct Integer(*mut sys::BIGNUM);

        impl Integer {
            fn new() -> Self {
                // SAFETY: takes nothing; a null pointer, for want of memory, is refused.
                let pointer = unsafe { sys::BN_new() };
                assert!(!pointer.is_null(), "out of memory");
                Self(pointer)
            }

            fn read(bytes: &[u8]) -> Self {
                let length = bytes.len().try_into().expect("a few hundred bytes");
                // SAFETY: the pointer and the length are those of one slice; with no integer given, a new one is made.
                let pointer = unsafe { sys::BN_bin2bn(bytes.as_ptr(), length, ptr::null_mut()) };
                assert!(!pointer.is_null(), "out of memory");
                Self(pointer)
            }
        }

        impl Drop for Integer {
            fn drop(&mut self) {
                // SAFETY: made by the library, owned by this value alone, and not used again.
                unsafe { sys::BN_clear_free(self.0) }
            }
        }

        /// A group's integers: `N`, `g`, the constants of `N`, and the library's scratch space.
        pub(crate) struct BigNumbers {
            n: Integer,
            g: Integer,
            len: usize,
            context: *mut sys::BN_CTX,
            montgomery: *mut sys::BN_MONT_CTX,
        }

        impl BigNumbers {
            pub(crate) fn new(group: Group) -> Self {
                let n = Integer::read(group.modulus());
                // SAFETY: both take nothing; null pointers are refused.
                let (context, montgomery) = unsafe { (sys::BN_CTX_new(), sys::BN_MONT_CTX_new()) };
                assert!(!context.is_null() && !montgomery.is_null(), "out of memory");
                // SAFETY: three live objects of the library; `N` is odd, as it must be.
                let set = unsafe { sys::BN_MONT_CTX_set(montgomery, n.0, context) };
                assert_eq!(set, 1, "the constants of N");
                Self { n, g: Integer::read(&group.generator().to_be_bytes()), len: group.len(), context, montgomery }
            }
        }

        impl Drop for BigNumbers {
            fn drop(&mut self) {
                // SAFETY: made by the library, owned by this value alone, and not used again.
                unsafe {
                    sys::BN_MONT_CTX_free(self.montgomery);
                    sys::BN_CTX_free(self.context);
                }
            }
        }

        impl Integers for BigNumbers {
            type Integer = Integer;
            const NAME: &'static str = $name;
            const CONSTANT_TIME: bool = true;

            fn read(&self, bytes: &[u8]) -> Integer {
                Integer::read(bytes)
            }

            fn write(&self, value: &Integer) -> Vec<u8> {
                let mut out = vec![0; self.len];
                let length = self.len.try_into().expect("a few hundred bytes");
                // SAFETY: a live integer, and a buffer of exactly the length that is given.
                let written = unsafe { sys::BN_bn2binpad(value.0, out.as_mut_ptr(), length) };
                assert_eq!(written, length, "the integer does not fit");
                out
            }

            fn generator(&self) -> &Integer {
                &self.g
            }

            fn power(&self, base: &Integer, exponent: &Integer) -> Integer {
                let out = Integer::new();
                // SAFETY: live objects of the library; `base` is below `N`; the context is used by this thread only,
                // since `BigNumbers` holds raw pointers and so is neither `Send` nor `Sync`.
                let done = unsafe {
                    sys::BN_mod_exp_mont_consttime(out.0, base.0, exponent.0, self.n.0, self.context, self.montgomery)
                };
                assert_eq!(done, 1, "out of memory");
                out
            }

            fn multiply(&self, left: &Integer, right: &Integer) -> Integer {
                let out = Integer::new();
                // SAFETY: live objects of the library, the context of this thread.
                let done = unsafe { sys::BN_mod_mul(out.0, left.0, right.0, self.n.0, self.context) };
                assert_eq!(done, 1, "out of memory");
                out
            }

            fn add(&self, left: &Integer, right: &Integer) -> Integer {
                let out = Integer::new();
                // SAFETY: live objects of the library, the context of this thread.
                let done = unsafe { sys::BN_mod_add(out.0, left.0, right.0, self.n.0, self.context) };
                assert_eq!(done, 1, "out of memory");
                out
            }
        }

        /// What the library says it is.
        pub(crate) fn version() -> String {
            // SAFETY: 0 asks for the version, which is a constant text that ends with a zero byte.
            let text = unsafe { CStr::from_ptr(sys::OpenSSL_version(0)) };
            text.to_string_lossy().into_owned()
        }
    };
}
