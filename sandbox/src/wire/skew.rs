//! Dates on the wire: the `date` of each reply, and the refusal of signatures that are too old.

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::Outcome;
use crate::api::ApiError;
use crate::world::Millis;

/// Signatures are good for so long (AWS Identity and Access Management guide, Signature Version 4).
const VALID_MS: Millis = 5 * 60 * 1_000;

fn format(at: Millis, pattern: &str) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    strtime::format(pattern, at).unwrap_or_default()
}

/// Gives a reply the date of the sandbox's clock.
pub(super) fn dated(outcome: Outcome, now: Millis) -> Outcome {
    match outcome {
        Outcome::Reply(mut reply, delay) => {
            reply
                .headers
                .push(("date", format(now, "%a, %d %b %Y %H:%M:%S GMT")));
            Outcome::Reply(reply, delay)
        }
        other => other,
    }
}

/// The refusal of a request signed at `signed` (`x-amz-date`), if it is too old or too new.
pub(super) fn refuses(signed: Option<&str>, now: Millis) -> Option<ApiError> {
    let signed = signed?;
    let date = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", signed).ok()?;
    let at = date
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_millisecond();
    if (at - now).abs() <= VALID_MS {
        return None;
    }
    let here = format(now, "%Y%m%dT%H%M%SZ");
    let edge = format(
        if at < now {
            now - VALID_MS
        } else {
            now + VALID_MS
        },
        "%Y%m%dT%H%M%SZ",
    );
    let message = if at < now {
        format!("Signature expired: {signed} is now earlier than {edge} ({here} - 5 min.)")
    } else {
        format!("Signature not yet current: {signed} is still later than {edge} ({here} + 5 min.)")
    };
    Some(ApiError::new("InvalidSignatureException", message))
}

#[cfg(test)]
mod tests {
    use super::refuses;

    #[test]
    fn signatures_are_good_for_five_minutes_either_way() {
        let signed = Some("20260102T030405Z");
        let at = "2026-01-02T03:04:05Z"
            .parse::<jiff::Timestamp>()
            .map(jiff::Timestamp::as_millisecond)
            .unwrap();
        assert_eq!(refuses(signed, at + 300_000), None);
        let late = refuses(signed, at + 300_001)
            .map(|error| error.message)
            .unwrap();
        assert!(
            late.starts_with(
                "Signature expired: 20260102T030405Z is now earlier than 20260102T030405Z"
            ),
            "{late}"
        );
        assert!(refuses(signed, at - 400_000).is_some());
        assert_eq!(refuses(None, at), None);
    }
}
