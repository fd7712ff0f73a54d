//! `v^u` with little squaring, from powers of `v` that are kept: the comb of Lim and Lee ("More flexible exponentiation with
//! precomputation", CRYPTO 1994) with four teeth and two blocks.

use std::any::Any;

use zeroize::Zeroizing;

use super::{
    Kernel, Scalar,
    table::{Accumulator, SecretTable},
};

/// Bytes of `u` from one tooth to the next.
const SPACING: usize = 8;
/// Teeth.
const TEETH: usize = size_of::<Scalar>() / SPACING;
/// Blocks between two teeth; all go through the same squarings.
const BLOCKS: usize = 2;
/// Columns of a block, and bits of `u` from one block to the next.
const COLUMNS: u32 = 32;

/// 30 powers of `v`, as secret as `v`, in the form of the kernel that made them: 8 to 21 kB, wiped when dropped.
pub struct Comb(Box<dyn Any + Send + Sync>);

/// Of each block the product of each choice of teeth but the empty one: bit `t` of a choice stands for
/// `v^(2^(32·(2t + block)))`.
type Blocks<R> = [SecretTable<R>; BLOCKS];

impl Comb {
    /// All squarings of a `v^u` but 31, done once.
    pub(super) fn new<K: Kernel>(kernel: &K, v: &K::Residue) -> Self {
        let mut blocks: Blocks<K::Residue> = [SecretTable::new(), SecretTable::new()];
        let mut tooth = Zeroizing::new(v.clone());
        for number in 0..TEETH * BLOCKS {
            if number > 0 {
                kernel.square(&mut tooth, COLUMNS);
            }
            if let Some(block) = blocks.get_mut(number % BLOCKS) {
                add_tooth(kernel, block, &tooth);
            }
        }
        // With the last write a kernel wipes what its products left behind.
        drop(kernel.write(&tooth));
        Self(Box::new(blocks))
    }

    /// `v^u`: in each column of each block one bit of `u` for every tooth. `u` is public, and so is which entry is taken.
    /// `None` where it is of another kind of kernel.
    pub(super) fn power<K: Kernel>(&self, kernel: &K, u: &Scalar) -> Option<Zeroizing<K::Residue>> {
        let blocks: &Blocks<K::Residue> = self.0.downcast_ref()?;
        let mut power = Accumulator::new(kernel);
        for column in columns(u) {
            power.square(1);
            for (block, choice) in blocks.iter().zip(column) {
                if let Some(entry) = choice.checked_sub(1).and_then(|number| block.entries().get(number)) {
                    power.multiply(entry);
                }
            }
        }
        Some(power.finish())
    }

    /// How many products [`Comb::power`] takes, squares among them.
    pub(super) fn products(u: &Scalar) -> usize {
        let squares = columns(u).skip_while(|column| *column == [0; BLOCKS]).count().saturating_sub(1);
        let factors = columns(u).flatten().filter(|choice| *choice != 0).count();
        squares + factors.saturating_sub(1)
    }
}

/// Adds a tooth, and its product with each of the choices so far.
fn add_tooth<K: Kernel>(kernel: &K, block: &mut SecretTable<K::Residue>, tooth: &Zeroizing<K::Residue>) {
    let so_far = block.entries().len();
    block.push(tooth);
    for number in 0..so_far {
        let mut product = tooth.clone();
        if let Some(factor) = block.entries().get(number) {
            kernel.multiply(&mut product, factor);
        }
        block.push(&product);
    }
}

/// What is chosen in each column of the blocks, the highest column first; the highest tooth's bit is the highest.
fn columns(u: &Scalar) -> impl Iterator<Item = [usize; BLOCKS]> {
    let (teeth, _) = u.as_chunks::<SPACING>();
    let teeth: Vec<u64> = teeth.iter().map(|tooth| u64::from_be_bytes(*tooth)).collect();
    let choice =
        move |place: u32| teeth.iter().fold(0, |choice, tooth| choice << 1 | usize::from(tooth >> place & 1 == 1));
    (0..COLUMNS).rev().map(move |column| [choice(column), choice(column + COLUMNS)])
}
