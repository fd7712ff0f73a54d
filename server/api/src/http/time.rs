//! Moments in answers: RFC 3339, UTC, three digits of a second.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;
use tacit_domain::Timestamp;
use time::OffsetDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

const FORMAT: StaticFormatDescription =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// A moment as clients read it, as `2026-01-10T00:00:00.000Z`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment(String);

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        let nanoseconds = i128::from(timestamp.as_millis()).saturating_mul(1_000_000);
        let moment = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Self(moment.format(FORMAT).unwrap_or_default())
    }
}

impl Type for Moment {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_date-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Moment {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        String::parse_from_json(value).map(Self).map_err(ParseError::propagate)
    }
}

impl ToJSON for Moment {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_three_digits_of_a_second_and_end_in_z() {
        assert_eq!(Moment::from(Timestamp::from_millis(1_768_003_200_000)).0, "2026-01-10T00:00:00.000Z");
        assert_eq!(Moment::from(Timestamp::from_millis(1_768_003_200_007)).0, "2026-01-10T00:00:00.007Z");
    }
}
