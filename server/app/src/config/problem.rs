//! What is wrong with the configuration, and where it came from

use std::fmt;
use std::path::Path;

/// One wrong key or value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, or the file when the whole file is unreadable.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
    /// Where it came from, if anybody set it.
    pub origin: Option<String>,
}

impl Problem {
    pub(super) fn of_file(file: &Path, message: String) -> Self {
        Self { key: file.display().to_string(), message, origin: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)?;
        self.origin.as_ref().map_or(Ok(()), |origin| write!(f, " ({origin})"))
    }
}

/// Everything that is wrong with a configuration, at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(|problem| format!("  {problem}")).collect();
        write!(f, "the configuration has {} problem(s):\n{}", self.0.len(), lines.join("\n"))
    }
}

/// The known key that `unknown` was probably meant to be.
pub(super) fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // `database_url` and `database-url` are `database.url` to a person.
    let plain = |key: &str| key.replace(['_', '-', '.'], "").to_lowercase();
    let wanted = plain(unknown);
    let limit = (wanted.chars().count() / 3).max(1);
    known
        .map(|key| (distance(&wanted, &plain(key)).min(distance(&wanted, &plain(last(key))) + 1), key))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// Edits between two texts: insertions, deletions, replacements, and two neighbours that changed places.
fn distance(a: &str, b: &str) -> usize {
    const FAR: usize = usize::MAX / 2;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let at = |row: &[usize], column: Option<usize>| column.and_then(|it| row.get(it).copied()).unwrap_or(FAR);
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let replaced = at(&row, Some(j)) + usize::from(left != right);
            let removed = at(&row, Some(j + 1)) + 1;
            let added = at(&next, Some(j)) + 1;
            let swap = i > 0 && j > 0 && a.get(i - 1) == Some(right) && b.get(j - 1) == Some(left);
            let swapped = if swap { at(&before, j.checked_sub(1)) + 1 } else { FAR };
            next.push(replaced.min(removed).min(added).min(swapped));
        }
        before = std::mem::replace(&mut row, next);
    }
    at(&row, Some(b.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = ["database.url", "public_url", "mail.port", "mail.password", "shutdown_deadline"];

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        for (typed, meant) in [
            ("databse.url", Some("database.url")),
            ("database_url", Some("database.url")),
            ("public-url", Some("public_url")),
            ("port", Some("mail.port")),
            ("mail.passwrd", Some("mail.password")),
            ("mail.prot", Some("mail.port")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(typed, KEYS.into_iter()), meant, "{typed}");
        }
    }

    #[test]
    fn edit_distance_counts_edits() {
        for (a, b, edits) in [
            ("", "", 0),
            ("a", "", 1),
            ("kitten", "sitting", 3),
            ("port", "prot", 1),
            ("listen", "listn", 1),
            ("ab", "ba", 1),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}
