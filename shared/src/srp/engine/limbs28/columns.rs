//! Sums of products that are not carried yet.

use zeroize::Zeroizing;

/// Bits of a limb.
pub(super) const BITS: usize = 28;
/// Limbs of the longest number: 4,096 bits and two more.
pub(super) const LIMIT: usize = 147;
/// Rows that are added in one pass: a column is read and written once for four products.
pub(super) const ROWS: usize = 4;

/// The bits of a limb.
const MASK: u64 = (1 << BITS) - 1;
/// Products of two limbs that a column can hold, and a carry with them.
const ROOM: usize = 255;
/// A product of the longest numbers, each rounded up to whole blocks of rows, and where the last pass ends.
const COLUMNS: usize = 2 * LIMIT.next_multiple_of(ROWS) + ROWS;

/// Columns worth `2^(28·i)`, the lowest first; wiped when dropped.
pub(super) struct Columns(Zeroizing<[u64; COLUMNS]>);

impl Columns {
    pub(super) fn new() -> Self {
        Self(Zeroizing::new([0; COLUMNS]))
    }

    /// The product of two numbers of one length.
    pub(super) fn set_product(&mut self, left: &[u32], right: &[u32]) {
        self.0.fill(0);
        let mut columns = self.0.as_mut_slice();
        for block in left.chunks(ROWS) {
            add_rows(columns, widened(block), [0; 3], right);
            columns = columns.get_mut(ROWS..).unwrap_or_default();
        }
    }

    /// The square of a number: what stands beside the diagonal is added once, with factors twice as large.
    pub(super) fn set_square(&mut self, value: &[u32]) {
        self.0.fill(0);
        let mut columns = self.0.as_mut_slice();
        let mut rest = value;
        while !rest.is_empty() {
            let (block, right) = rest.split_at_checked(ROWS).unwrap_or((rest, &[]));
            let [a0, a1, a2, a3] = widened(block);
            let [d0, d1, d2, d3] = [a0 << 1, a1 << 1, a2 << 1, a3 << 1];
            let [c0, c1, c2, c3, columns_right @ ..] = columns else { return };
            add(c0, a0.wrapping_mul(a0));
            add(c1, d0.wrapping_mul(a1));
            add(c2, d0.wrapping_mul(a2).wrapping_add(a1.wrapping_mul(a1)));
            add(c3, d0.wrapping_mul(a3).wrapping_add(d1.wrapping_mul(a2)));
            if let [c4, c5, c6, ..] = columns_right {
                add(c4, d1.wrapping_mul(a3).wrapping_add(a2.wrapping_mul(a2)));
                add(c5, d2.wrapping_mul(a3));
                add(c6, a3.wrapping_mul(a3));
            }
            add_rows(columns_right, [d0, d1, d2, d3], [0; 3], right);
            columns = columns_right.get_mut(ROWS..).unwrap_or_default();
            rest = right;
        }
    }

    /// A number that is not multiplied.
    pub(super) fn set(&mut self, value: &[u32]) {
        self.0.fill(0);
        for (column, limb) in self.0.iter_mut().zip(value) {
            *column = u64::from(*limb);
        }
    }

    /// Divides by `2^(28·ROWS)` modulo `n` as often as there are blocks, and carries the result into `out`.
    ///
    /// In each block `m·n` is added, with `m` of four limbs such that the four lowest columns come out as zero.
    pub(super) fn reduce(&mut self, n: &[u32], inverse: u32, blocks: usize, out: &mut [u32]) {
        let Some((&[n0, n1, n2, n3], higher)) = n.split_first_chunk::<ROWS>() else { return };
        let [n0, n1, n2, n3] = [n0, n1, n2, n3].map(u64::from);
        let quotient = |column: u64| column.wrapping_mul(u64::from(inverse)) & MASK;
        if n.len() + blocks * ROWS > ROOM {
            self.carry();
        }
        let mut columns = self.0.as_mut_slice();
        for _ in 0..blocks {
            let [c0, c1, c2, c3, rest @ ..] = columns else { return };
            let (m0, first) = (quotient(*c0), *c0);
            let carry = first.wrapping_add(m0.wrapping_mul(n0)) >> BITS;
            let second = c1.wrapping_add(carry).wrapping_add(m0.wrapping_mul(n1));
            let m1 = quotient(second);
            let carry = second.wrapping_add(m1.wrapping_mul(n0)) >> BITS;
            let third = c2.wrapping_add(carry).wrapping_add(m0.wrapping_mul(n2)).wrapping_add(m1.wrapping_mul(n1));
            let m2 = quotient(third);
            let carry = third.wrapping_add(m2.wrapping_mul(n0)) >> BITS;
            let fourth = c3
                .wrapping_add(carry)
                .wrapping_add(m0.wrapping_mul(n3))
                .wrapping_add(m1.wrapping_mul(n2))
                .wrapping_add(m2.wrapping_mul(n1));
            let m3 = quotient(fourth);
            let carry = fourth.wrapping_add(m3.wrapping_mul(n0)) >> BITS;
            add_rows(rest, [m0, m1, m2, m3], [n3, n2, n1], higher);
            if let [next, ..] = rest {
                add(next, carry);
            }
            columns = rest;
        }
        let mut carry = 0_u64;
        for (limb, column) in out.iter_mut().zip(columns.iter()) {
            carry = carry.wrapping_add(*column);
            *limb = low(carry);
            carry >>= BITS;
        }
    }

    /// Makes room in the columns.
    fn carry(&mut self) {
        let mut carry = 0_u64;
        for column in self.0.iter_mut() {
            carry = carry.wrapping_add(*column);
            *column = carry & MASK;
            carry >>= BITS;
        }
    }
}

/// Adds four rows of a product, each shifted by a limb. `before` are the three limbs below `limbs`, the nearest first,
/// whose own columns are somebody else's.
///
/// This is where all the time goes. It is left as plain as it is: unrolled it was slower, for want of registers.
#[inline(never)]
fn add_rows(columns: &mut [u64], factors: [u64; ROWS], before: [u64; ROWS - 1], limbs: &[u32]) {
    let Some((columns, above)) = columns.split_at_mut_checked(limbs.len()) else { return };
    let [f0, f1, f2, f3] = factors;
    let [mut b1, mut b2, mut b3] = before;
    for (column, limb) in columns.iter_mut().zip(limbs) {
        let b0 = u64::from(*limb);
        *column = column
            .wrapping_add(f0.wrapping_mul(b0))
            .wrapping_add(f1.wrapping_mul(b1))
            .wrapping_add(f2.wrapping_mul(b2))
            .wrapping_add(f3.wrapping_mul(b3));
        (b1, b2, b3) = (b0, b1, b2);
    }
    if let [first, second, third, ..] = above {
        let upper = f1.wrapping_mul(b1).wrapping_add(f2.wrapping_mul(b2)).wrapping_add(f3.wrapping_mul(b3));
        add(first, upper);
        add(second, f2.wrapping_mul(b1).wrapping_add(f3.wrapping_mul(b2)));
        add(third, f3.wrapping_mul(b1));
    }
}

const fn add(column: &mut u64, term: u64) {
    *column = column.wrapping_add(term);
}

/// A block of up to four limbs, with zeros for those that are missing.
fn widened(block: &[u32]) -> [u64; ROWS] {
    let mut out = [0; ROWS];
    for (wide, limb) in out.iter_mut().zip(block) {
        *wide = u64::from(*limb);
    }
    out
}

/// The lowest 28 bits.
pub(super) const fn low(sum: u64) -> u32 {
    let [b0, b1, b2, b3, ..] = (sum & MASK).to_le_bytes();
    u32::from_le_bytes([b0, b1, b2, b3])
}
