//! Whether two lots of measurements look as if they came from one source.

/// The two-sample Kolmogorov–Smirnov test: the probability that samples of one distribution differ at least as much.
///
/// Asymptotic distribution of the statistic, as in Numerical Recipes, third edition, section 14.3.3.
///
/// # Panics
/// When a sample is empty.
#[must_use]
pub fn kolmogorov_smirnov(left: &[f64], right: &[f64]) -> f64 {
    assert!(!left.is_empty() && !right.is_empty());
    let (left, right) = (sorted(left), sorted(right));
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    while i < left.len() && j < right.len() {
        let at = left[i].min(right[j]);
        while i < left.len() && left[i] <= at {
            i += 1;
        }
        while j < right.len() && right[j] <= at {
            j += 1;
        }
        distance = distance.max((share(i, &left) - share(j, &right)).abs());
    }
    let size = (count(&left) * count(&right) / (count(&left) + count(&right))).sqrt();
    tail((size + 0.12 + 0.11 / size) * distance)
}

/// The middle of a sample.
///
/// # Panics
/// When the sample is empty.
#[must_use]
pub fn median(sample: &[f64]) -> f64 {
    sorted(sample)[sample.len() / 2]
}

fn tail(lambda: f64) -> f64 {
    let mut sum = 0.0;
    let mut sign = 2.0;
    for term in 1..=100 {
        let term = f64::from(term);
        sum += sign * (-2.0 * lambda * lambda * term * term).exp();
        sign = -sign;
    }
    // The series does not converge where the samples hardly differ.
    if lambda < 0.2 { 1.0 } else { sum.clamp(0.0, 1.0) }
}

fn sorted(sample: &[f64]) -> Vec<f64> {
    let mut sample = sample.to_vec();
    sample.sort_by(f64::total_cmp);
    sample
}

fn count(sample: &[f64]) -> f64 {
    f64::from(u32::try_from(sample.len()).unwrap())
}

fn share(below: usize, sample: &[f64]) -> f64 {
    f64::from(u32::try_from(below).unwrap()) / count(sample)
}
