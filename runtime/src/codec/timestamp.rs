//! Timestamps as text (RFC 3339), in milliseconds.

use std::{
    cell::RefCell,
    time::{Duration, SystemTime},
};

/// The first second of the year 10000, which RFC 3339 cannot express.
const END: u64 = 253_402_300_800;

thread_local! {
    /// The last timestamp, and its milliseconds since 1970. A server writes many in the same millisecond.
    static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Formats a time since 1970, and calls `write` with the text. A later time than the form can express is the last that it can.
pub(super) fn rfc3339<R>(at: SystemTime, write: impl FnOnce(&str) -> R) -> R {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .min(Duration::new(END - 1, 999_999_999));
    let now = since.as_secs() * 1000 + u64::from(since.subsec_millis());
    // A thread that ends keeps nothing any more.
    let Ok((last, mut text)) = LAST.try_with(RefCell::take) else {
        return write(&format(since));
    };
    if last != now || text.is_empty() {
        text = format(since);
    }
    let written = write(&text);
    let _ = LAST.try_with(|last| last.replace((now, text)));
    written
}

fn format(since: Duration) -> String {
    let (seconds, days) = (since.as_secs() % 86_400, since.as_secs() / 86_400);
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
    put(20, 3, since.subsec_millis().into());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_formatted_as_by_humantime() {
        for day in 0..END / 86_400 {
            let since = Duration::from_millis(day * 86_400_000 + day * 7_777_777 % 86_400_000);
            let at = SystemTime::UNIX_EPOCH + since;
            let expected = humantime::format_rfc3339_millis(at).to_string();
            rfc3339(at, |text| assert_eq!(text, expected, "day {day}"));
        }
    }

    #[test]
    fn what_cannot_be_expressed_is_the_nearest_that_can() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        rfc3339(before, |text| assert_eq!(text, "1970-01-01T00:00:00.000Z"));
        let after = SystemTime::UNIX_EPOCH + Duration::from_secs(END);
        rfc3339(after, |text| assert_eq!(text, "9999-12-31T23:59:59.999Z"));
    }
}
