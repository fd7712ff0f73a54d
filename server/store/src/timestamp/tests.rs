use std::time::Duration;

use super::Timestamp;

#[test]
fn a_time_moves_by_a_duration_and_back() {
    let time = Timestamp::from_millis(1_000);
    assert_eq!((time + Duration::from_secs(2)).as_millis(), 3_000);
    assert_eq!((time - Duration::from_secs(2)).as_millis(), -1_000);
}

#[test]
fn arithmetic_stops_at_the_ends_of_time() {
    assert_eq!((Timestamp::from_millis(i64::MAX) + Duration::from_millis(1)).as_millis(), i64::MAX);
    assert_eq!((Timestamp::from_millis(5) + Duration::MAX).as_millis(), i64::MAX);
    assert_eq!((Timestamp::from_millis(i64::MIN) - Duration::from_millis(1)).as_millis(), i64::MIN);
}

#[test]
fn the_time_since_a_later_time_is_zero() {
    let (early, late) = (Timestamp::from_millis(10), Timestamp::from_millis(25));
    assert_eq!(late.since(early), Duration::from_millis(15));
    assert_eq!(early.since(late), Duration::ZERO);
}

#[test]
fn seconds_are_rounded_down_before_the_epoch_too() {
    assert_eq!(Timestamp::from_millis(1_999).as_seconds(), 1);
    assert_eq!(Timestamp::from_millis(-1).as_seconds(), -1);
}
