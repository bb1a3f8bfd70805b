//! Timestamps as text (RFC 3339): written in milliseconds, read as `format: date-time` is.

use handfast_schema::format;
use std::time::{Duration, SystemTime};

/// The last millisecond of the year 9999: RFC 3339 can express no later one.
const LAST: u128 = 253_402_300_800_000 - 1;

/// The milliseconds since 1970 of a time, or the nearest that RFC 3339 can express.
pub(super) fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_millis().min(LAST) as u64
}

/// Formats the milliseconds of a time.
pub(super) fn rfc3339(millis: u64) -> String {
    let (seconds, days) = (millis / 1000 % 86_400, millis / 86_400_000);
    let (year, month, day) = date(days);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |at: usize, digits: usize, mut n: u64| {
        for place in text[at..at + digits].iter_mut().rev() {
            *place = b'0' + (n % 10) as u8;
            n /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    put(11, 2, seconds / 3600);
    put(14, 2, seconds / 60 % 60);
    put(17, 2, seconds % 60);
    put(20, 3, millis % 1000);
    String::from_utf8(text.into()).unwrap_or_default()
}

/// Returns the date of a day since 1970. Years begin with March, so that the day that some years have is their last, and four centuries are
/// one period of 146,097 days.
fn date(days: u64) -> (u64, u64, u64) {
    // From 1 March of the year 0.
    let days = days + 719_468;
    let (period, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (period * 400 + year + next, month, day)
}

/// Reads a time: `None` if the text is no date-time. A leap second is the one after it. A time that this platform cannot express, before
/// 1970, is the first of 1970.
pub(crate) fn read_rfc3339(text: &str) -> Option<SystemTime> {
    if format::check("date-time", text) != Some(true) {
        return None;
    }
    // All but the fraction has its place now.
    let number = |at: std::ops::Range<usize>| text.get(at)?.parse::<u64>().ok();
    let zone = text.rfind(['Z', 'z', '+']).or_else(|| text.rfind('-'))?;
    let (date, clock) = (
        [number(0..4)?, number(5..7)?, number(8..10)?],
        [number(11..13)?, number(14..16)?, number(17..19)?],
    );
    let mut nanos = 0;
    let mut place = 100_000_000;
    for digit in text.get(19..zone)?.bytes().skip(1) {
        nanos += u32::from(digit - b'0') * place;
        place /= 10;
    }
    let offset = match text.get(zone + 1..)? {
        "" => 0,
        offset => 60 * (60 * number(zone + 1..zone + 3)? + offset.get(3..)?.parse::<u64>().ok()?),
    };
    let [hour, minute, second] = clock;
    let since_0 = 86_400 * days(date) + 3600 * hour + 60 * minute + second;
    // Seconds since the last day of the year -1, so that an offset does not lead below zero.
    let since = match text.as_bytes()[zone] {
        b'+' => since_0 + 86_400 - offset,
        _ => since_0 + 86_400 + offset,
    };
    let epoch = 86_400 * (DAYS_TO_1970 + 1);
    let at = if since >= epoch {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since - epoch))
    } else {
        SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(epoch - since))
    };
    let at = at.and_then(|at| at.checked_add(Duration::from_nanos(nanos.into())));
    Some(at.unwrap_or(SystemTime::UNIX_EPOCH))
}

/// From 1 January of the year 0.
const DAYS_TO_1970: u64 = 719_528;

/// Returns the days of a date since 1 January of the year 0, a leap year.
fn days([year, month, day]: [u64; 3]) -> u64 {
    let leap_days = |years: u64| years.div_ceil(4) - years.div_ceil(100) + years.div_ceil(400);
    let is_leap = leap_days(year + 1) > leap_days(year);
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let months = before.get(month as usize - 1).copied().unwrap_or_default();
    365 * year + leap_days(year) + months + u64::from(is_leap && month > 2) + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_formatted_as_by_humantime() {
        for day in 0..=LAST as u64 / 86_400_000 {
            let since = Duration::from_millis(day * 86_400_000 + day * 7_777_777 % 86_400_000);
            let at = SystemTime::UNIX_EPOCH + since;
            let expected = humantime::format_rfc3339_millis(at).to_string();
            let text = rfc3339(millis(at));
            assert_eq!(text, expected, "day {day}");
            assert_eq!(read_rfc3339(&text), Some(at), "day {day}");
        }
    }

    #[test]
    fn what_cannot_be_expressed_is_the_nearest_that_can() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(rfc3339(millis(before)), "1970-01-01T00:00:00.000Z");
        let after = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST as u64);
        assert_eq!(rfc3339(millis(after)), "9999-12-31T23:59:59.999Z");
    }
}
