//! What is wrong with one member of a request.

/// Why one member of a request was refused.
///
/// `name` is the path of the member in the JSON body (`credential.salt`). The refused value is never repeated: it
/// may be a secret that was put into the wrong member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the member, parts joined by a point.
    pub name: String,
    /// Stable reason, for programs.
    pub code: FieldCode,
    /// The same for people, one sentence.
    pub detail: String,
}

impl FieldError {
    /// Names a member and what is wrong with it.
    #[must_use]
    pub fn new(name: impl Into<String>, code: FieldCode) -> Self {
        Self { name: name.into(), code, detail: code.detail().to_owned() }
    }

    /// The same error, seen from an object that holds this one as member `outer`.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        Self { name: format!("{outer}.{}", self.name), ..self }
    }
}

/// Stable reasons for refusing a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldCode {
    /// Missing where it is needed.
    Required,
    /// Present where it may not be.
    Unexpected,
    /// Shorter than allowed.
    TooShort,
    /// Longer than allowed.
    TooLong,
    /// Not of the documented form.
    Malformed,
    /// Of the right form, and outside the allowed values.
    OutOfRange,
    /// A preset number that is not in the table.
    UnknownPreset,
}

impl FieldCode {
    /// Every reason, for documents and tests.
    pub const ALL: [Self; 7] = [
        Self::Required,
        Self::Unexpected,
        Self::TooShort,
        Self::TooLong,
        Self::Malformed,
        Self::OutOfRange,
        Self::UnknownPreset,
    ];

    /// The reason as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Unexpected => "unexpected",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::OutOfRange => "out_of_range",
            Self::UnknownPreset => "unknown_preset",
        }
    }

    /// One sentence for people.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Required => "This member is required.",
            Self::Unexpected => "This member may not be given here.",
            Self::TooShort => "The value is too short.",
            Self::TooLong => "The value is too long.",
            Self::Malformed => "The value does not have the documented form.",
            Self::OutOfRange => "The value is outside the allowed range.",
            Self::UnknownPreset => "This preset is not known.",
        }
    }
}
