//! Times as text, in the form of RFC 3339: `2026-11-21T14:30:05Z`.

use jiff::Timestamp;

/// The time now.
pub fn now() -> String {
    rfc3339(Timestamp::now())
}

/// `unix_ms`, milliseconds since 1970, to the second.
pub fn from_unix_ms(unix_ms: u64) -> String {
    let time = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    rfc3339(time.unwrap_or_default())
}

/// `time` to the second.
pub fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_is_written_to_the_second() {
        assert_eq!(
            super::from_unix_ms(1_795_271_405_678),
            "2026-11-21T14:30:05Z"
        );
    }
}
