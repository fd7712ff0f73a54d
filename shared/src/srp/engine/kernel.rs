//! What a processor's own arithmetic has to offer.

use zeroize::Zeroize;

use super::Element;

/// Residues modulo one `N`, in a form of the kernel's own.
///
/// Constant in time for all values: only lengths, `times` and the number of entries of a table may show. What a kernel
/// keeps of a value beyond its [`Kernel::Residue`]s it wipes itself, as far as it can name it; what is left on the stack or
/// in the memory of a library is told where the kernel is.
pub trait Kernel: Send + Sync + 'static {
    /// A residue; not necessarily fully reduced.
    type Residue: Clone + Zeroize + Send + Sync;

    /// What it is called in settings, logs and tables of figures.
    fn name(&self) -> &'static str;

    /// `N`, big-endian, of exact length.
    fn modulus(&self) -> &[u8];

    /// Takes a big-endian number of at most the modulus' length; it need not be below `N`.
    fn read(&self, bytes: &[u8]) -> Self::Residue;

    /// The number below `N`, big-endian, of the modulus' length.
    fn write(&self, value: &Self::Residue) -> Element;

    /// 1.
    fn one(&self) -> Self::Residue;

    /// `value · by`.
    fn multiply(&self, value: &mut Self::Residue, by: &Self::Residue);

    /// `value^(2^times)`.
    fn square(&self, value: &mut Self::Residue, times: u32);

    /// `value · by`, for a secret `by` below 2^16.
    fn multiply_small(&self, value: &mut Self::Residue, by: u32);

    /// `value + other`.
    fn add(&self, value: &mut Self::Residue, other: &Self::Residue);

    /// `value − other`.
    fn subtract(&self, value: &mut Self::Residue, other: &Self::Residue);

    /// Entry number `index` of a table, which is secret: every entry is read. There is one of that number.
    fn select(&self, out: &mut Self::Residue, table: &[Self::Residue], index: u32);
}
