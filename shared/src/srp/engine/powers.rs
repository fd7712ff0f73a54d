//! Any kernel made an engine: the algorithms, written once.

use std::{hint::black_box, sync::OnceLock};

use zeroize::Zeroizing;

use super::{ClientSecret, Comb, Element, Engine, Kernel, Scalar, digits, fixed_base, sliding, table::SecretTable};

/// A browser has no table, and no need of sliding windows. Told at compile time, so that neither is in the wasm.
const IN_BROWSER: bool = cfg!(target_arch = "wasm32");

/// Powers in one group.
pub struct Powers<K: Kernel> {
    kernel: K,
    generator: u32,
    /// Made when it is first used, and shared by all.
    table: Option<OnceLock<fixed_base::Table<K>>>,
}

impl<K: Kernel> Powers<K> {
    /// For a server: powers of `g` come from a table of 1,024 elements.
    pub const fn with_table(kernel: K, generator: u32) -> Self {
        Self { kernel, generator, table: Some(OnceLock::new()) }
    }

    /// For a client, which needs two of them: the table would cost more than it saves.
    pub const fn without_table(kernel: K, generator: u32) -> Self {
        Self { kernel, generator, table: None }
    }

    /// The kernel.
    pub const fn kernel(&self) -> &K {
        &self.kernel
    }

    fn power_of_generator(&self, exponent: &Scalar) -> Zeroizing<K::Residue> {
        match &self.table {
            Some(table) if !IN_BROWSER => {
                table.get_or_init(|| fixed_base::Table::new(&self.kernel, self.generator)).power(&self.kernel, exponent)
            }
            _ => fixed_base::power_of_small(&self.kernel, self.generator, exponent),
        }
    }

    fn read(&self, bytes: &[u8]) -> Zeroizing<K::Residue> {
        let excess = bytes.len().saturating_sub(self.kernel.modulus().len());
        Zeroizing::new(self.kernel.read(bytes.get(excess..).unwrap_or_default()))
    }
}

impl<K: Kernel> Engine for Powers<K> {
    fn name(&self) -> &'static str {
        self.kernel.name()
    }

    fn modulus(&self) -> &[u8] {
        self.kernel.modulus()
    }

    fn generator(&self) -> u32 {
        self.generator
    }

    fn power(&self, exponent: &Scalar) -> Element {
        self.kernel.write(&self.power_of_generator(exponent))
    }

    fn server_public(&self, k: &Scalar, v: &[u8], power: &Element) -> Element {
        let mut sum = self.read(k);
        self.kernel.multiply(&mut sum, &self.read(v));
        self.kernel.add(&mut sum, &self.read(power));
        self.kernel.write(&sum)
    }

    fn comb(&self, v: &[u8]) -> Comb {
        Comb::new(&self.kernel, &self.read(v))
    }

    fn server_secret(&self, a_public: &[u8], v: &[u8], comb: Option<&Comb>, u: &Scalar, b: &Scalar) -> Element {
        let comb = comb.filter(|_| !IN_BROWSER);
        let mut base = match comb.and_then(|comb| comb.power(&self.kernel, u)) {
            Some(power) => power,
            // Only to try a new credential, so the way that is there anyway is fast enough.
            None if IN_BROWSER => raise(&self.kernel, &self.read(v), u),
            None => sliding::raise(&self.kernel, &self.read(v), u),
        };
        self.kernel.multiply(&mut base, &self.read(a_public));
        self.kernel.write(&raise(&self.kernel, &base, b))
    }

    fn even_out(&self, v: &[u8], u: &Scalar) {
        // To read `v` is the product that a comb spares, to write one more; the rest of the difference is squares.
        let saved = sliding::products(u).saturating_sub(Comb::products(u)).saturating_sub(1);
        let mut value = self.read(v);
        self.kernel.square(&mut value, u32::try_from(saved).unwrap_or(0));
        black_box(self.kernel.write(&value));
    }

    fn client_secret(&self, b_public: &[u8], secret: &ClientSecret<'_>) -> Element {
        let mut masked = self.power_of_generator(secret.x);
        self.kernel.multiply(&mut masked, &self.read(secret.k));
        let mut base = self.read(b_public);
        self.kernel.subtract(&mut base, &masked);
        self.kernel.write(&raise(&self.kernel, &base, &*digits::joint_exponent(secret)))
    }
}

/// `base^e` for a secret `e`: four squarings and a product for each window, whose value shows nowhere.
fn raise<K: Kernel>(kernel: &K, base: &K::Residue, exponent: &[u8]) -> Zeroizing<K::Residue> {
    let table = powers(kernel, base);
    let mut power = Zeroizing::new(kernel.one());
    let mut factor = Zeroizing::new(kernel.one());
    let mut windows = digits::windows(exponent);
    if let Some(digit) = windows.next() {
        kernel.select(&mut power, table.entries(), digit);
    }
    for digit in windows {
        kernel.square(&mut power, digits::WINDOW);
        kernel.select(&mut factor, table.entries(), digit);
        kernel.multiply(&mut power, &factor);
    }
    power
}

/// `base^0` to `base^15`.
fn powers<K: Kernel>(kernel: &K, base: &K::Residue) -> SecretTable<K::Residue> {
    let mut table = SecretTable::new();
    table.push(&kernel.one());
    table.push(base);
    let mut entry = Zeroizing::new(base.clone());
    for number in 2..digits::ENTRIES {
        // A square where there is one is cheaper than a product.
        match table.entries().get(number / 2) {
            Some(half) if number % 2 == 0 => {
                entry = Zeroizing::new(half.clone());
                kernel.square(&mut entry, 1);
            }
            _ => kernel.multiply(&mut entry, base),
        }
        table.push(&entry);
    }
    table
}
