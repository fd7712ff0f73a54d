//! AWS-LC's Montgomery multiplication, which is in the tree for TLS and signatures already.
//!
//! Only its product is used, with its dedicated squaring: windows and tables are the ones of `tacit-shared`. Numbers are
//! ours and lent to each call. All of them are as long as `N`, whatever their value, so that nothing is normalised: that
//! is what AWS-LC asks for to be constant in time.
//!
//! What a product leaves behind is AWS-LC's to wipe. Its assembly for x86-64 does. On aarch64 the last product stays on the
//! stack, and where there is no assembly in the scratch space of the thread: either until something else comes to lie there.

use std::alloc::Layout;
use std::ffi::c_int;
use std::hint::black_box;
use std::ptr::NonNull;

use aws_lc_sys as sys;
use tacit_shared::srp::engine::{Element, Kernel};
use zeroize::{Zeroize, Zeroizing};

type Limb = sys::BN_ULONG;
const LIMB_BYTES: usize = size_of::<Limb>();

/// Arithmetic modulo one `N`.
pub struct AwsLc {
    modulus: Vec<u8>,
    context: Context,
    /// `R mod N`, which is 1 in Montgomery form.
    one: Residue,
    /// `R² mod N`: a product with it brings a number into Montgomery form.
    square_of_r: Residue,
}

/// A number below `N` in Montgomery form, the lowest limb first; always as long as `N`.
#[derive(Clone)]
pub struct Residue(Box<[Limb]>);

impl Zeroize for Residue {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl AwsLc {
    /// The kernel for an odd `N` of whole limbs, big-endian.
    #[must_use]
    pub fn new(modulus: &[u8]) -> Self {
        let context = Context::new(modulus);
        let mut kernel =
            Self { one: limbs(modulus, &[1]), square_of_r: limbs(modulus, &[1]), modulus: modulus.to_vec(), context };
        let (mut one, mut square_of_r) = (kernel.one.clone(), kernel.one.clone());
        kernel.context.to_montgomery(&mut one);
        square_of_r.0.copy_from_slice(&one.0);
        kernel.context.to_montgomery(&mut square_of_r);
        (kernel.one, kernel.square_of_r) = (one, square_of_r);
        kernel
    }
}

impl Kernel for AwsLc {
    type Residue = Residue;

    fn name(&self) -> &'static str {
        "aws-lc"
    }

    fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    fn read(&self, bytes: &[u8]) -> Residue {
        let mut value = limbs(&self.modulus, bytes);
        // One factor below N is enough for a product below N.
        self.context.multiply(&mut value, &self.square_of_r);
        value
    }

    fn write(&self, value: &Residue) -> Element {
        let mut number = Zeroizing::new(value.clone());
        self.context.multiply(&mut number, &limbs(&self.modulus, &[1]));
        let mut out = Zeroizing::new(vec![0; self.modulus.len()]);
        for (chunk, limb) in out.rchunks_mut(LIMB_BYTES).zip(&number.0) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        out
    }

    fn one(&self) -> Residue {
        self.one.clone()
    }

    fn multiply(&self, value: &mut Residue, by: &Residue) {
        self.context.multiply(value, by);
    }

    fn square(&self, value: &mut Residue, times: u32) {
        for _ in 0..times {
            self.context.square(value);
        }
    }

    fn multiply_small(&self, value: &mut Residue, by: u32) {
        let mut factor = Zeroizing::new(limbs(&self.modulus, &by.to_be_bytes()));
        self.context.multiply(&mut factor, &self.square_of_r);
        self.context.multiply(value, &factor);
    }

    fn add(&self, value: &mut Residue, other: &Residue) {
        self.context.add(value, other);
    }

    fn subtract(&self, value: &mut Residue, other: &Residue) {
        self.context.subtract(value, other);
    }

    fn select(&self, out: &mut Residue, table: &[Residue], index: u32) {
        out.0.fill(0);
        for (number, entry) in (0_u32..).zip(table) {
            // All ones where the numbers are the same; out of the compiler's sight, which could make it a branch.
            let differs = Limb::from(number ^ index);
            let mask = black_box((differs | differs.wrapping_neg()) >> (Limb::BITS - 1)).wrapping_sub(1);
            for (limb, from) in out.0.iter_mut().zip(&entry.0) {
                *limb |= from & mask;
            }
        }
    }
}

/// A big-endian number of at most the modulus' length, as it is.
fn limbs(modulus: &[u8], bytes: &[u8]) -> Residue {
    let mut out = vec![0; modulus.len().div_ceil(LIMB_BYTES)];
    for (limb, chunk) in out.iter_mut().zip(bytes.rchunks(LIMB_BYTES)) {
        *limb = chunk.iter().fold(0, |limb, byte| limb << 8 | Limb::from(*byte));
    }
    Residue(out.into_boxed_slice())
}

/// `N` as AWS-LC keeps it. It is not written to once it is made.
struct Context(NonNull<sys::BN_MONT_CTX>);

#[expect(unsafe_code, reason = "a pointer of C tells nothing about threads")]
// SAFETY: the context is only read, by functions that take it as `const`, and freed by the one owner.
unsafe impl Send for Context {}
#[expect(unsafe_code, reason = "a pointer of C tells nothing about threads")]
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    fn new(modulus: &[u8]) -> Self {
        let mut n = limbs(modulus, modulus);
        let n = lent(&mut n);
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: `n` is a valid number for the whole call, which copies it; the scratch space is dropped after it.
        let context = unsafe { sys::BN_MONT_CTX_new_for_modulus(&raw const n, Scratch::new().0.as_ptr()) };
        Self(NonNull::new(context).unwrap_or_else(|| out_of_memory()))
    }

    fn to_montgomery(&self, value: &mut Residue) {
        let mut value = lent(value);
        let value = &raw mut value;
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: as in `multiply`.
        let done =
            SCRATCH.with(|scratch| unsafe { sys::BN_to_montgomery(value, value, self.0.as_ptr(), scratch.0.as_ptr()) });
        ensure(done);
    }

    fn multiply(&self, value: &mut Residue, by: &Residue) {
        let mut value = lent(value);
        let by = read_only(by);
        let value = &raw mut value;
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: both numbers are valid for the whole call and as long as `N`, so that the result fits into `value`
        // and nothing is allocated there (where it did not fit, it would be refused: see `number`); a result may be one
        // of the factors. The scratch space is this thread's own.
        let done = SCRATCH.with(|scratch| unsafe {
            sys::BN_mod_mul_montgomery(value, value, &raw const by, self.0.as_ptr(), scratch.0.as_ptr())
        });
        ensure(done);
    }

    fn square(&self, value: &mut Residue) {
        let mut value = lent(value);
        let value = &raw mut value;
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: as in `multiply`; that both factors are one number lets it take its squaring.
        let done = SCRATCH.with(|scratch| unsafe {
            sys::BN_mod_mul_montgomery(value, value, value, self.0.as_ptr(), scratch.0.as_ptr())
        });
        ensure(done);
    }

    fn add(&self, value: &mut Residue, other: &Residue) {
        let mut value = lent(value);
        let other = read_only(other);
        let value = &raw mut value;
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: all three numbers are valid for the whole call and of one length; both terms are below `N`.
        ensure(unsafe { sys::BN_mod_add_quick(value, value, &raw const other, self.modulus()) });
    }

    fn subtract(&self, value: &mut Residue, other: &Residue) {
        let mut value = lent(value);
        let other = read_only(other);
        let value = &raw mut value;
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: as in `add`.
        ensure(unsafe { sys::BN_mod_sub_quick(value, value, &raw const other, self.modulus()) });
    }

    fn modulus(&self) -> *const sys::BIGNUM {
        #[expect(unsafe_code, reason = "a field of a structure of C")]
        // SAFETY: the context lives as long as `self`, and `N` is a part of it.
        unsafe {
            &raw const (*self.0.as_ptr()).N
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: made by `BN_MONT_CTX_new_for_modulus`, and freed once.
        unsafe {
            sys::BN_MONT_CTX_free(self.0.as_ptr());
        }
    }
}

thread_local! {
    /// Where there is no assembly for the processor, AWS-LC multiplies here. It wipes what it frees, which is when the thread
    /// ends; until then the last product is in there.
    static SCRATCH: Scratch = Scratch::new();
}

struct Scratch(NonNull<sys::BN_CTX>);

impl Scratch {
    fn new() -> Self {
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: it takes nothing.
        let scratch = unsafe { sys::BN_CTX_new() };
        Self(NonNull::new(scratch).unwrap_or_else(|| out_of_memory()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "a function of C")]
        // SAFETY: made by `BN_CTX_new`, and freed once.
        unsafe {
            sys::BN_CTX_free(self.0.as_ptr());
        }
    }
}

/// A number of C over our limbs, for as long as the limbs are borrowed by whoever calls.
fn lent(Residue(limbs): &mut Residue) -> sys::BIGNUM {
    number(limbs.as_mut_ptr(), limbs.len())
}

/// The same, for calls that take it as `const`.
fn read_only(Residue(limbs): &Residue) -> sys::BIGNUM {
    number(limbs.as_ptr().cast_mut(), limbs.len())
}

fn number(d: *mut Limb, len: usize) -> sys::BIGNUM {
    let width = c_int::try_from(len).unwrap_or_default();
    // Of static data it neither frees nor moves the limbs, and refuses to make them more than `dmax`.
    sys::BIGNUM { d, width, dmax: width, neg: 0, flags: sys::BN_FLG_STATIC_DATA }
}

/// These functions fail where memory is out, and for lengths that do not occur here.
fn ensure(done: c_int) {
    if done != 1 {
        out_of_memory();
    }
}

/// As everywhere in Rust.
fn out_of_memory() -> ! {
    std::alloc::handle_alloc_error(Layout::new::<sys::BIGNUM>())
}
