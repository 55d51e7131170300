//! When a scheduled action of Application Auto Scaling is due: `at(…)`, `rate(…)` and `cron(…)` (Application
//! Auto Scaling user guide, scheduled scaling; Amazon `EventBridge` user guide, cron expressions reference).

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// An expression that nothing is due by for so many days is never due again.
const DAYS: i32 = 366 * 8;

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// The first day of a week is Sunday, with the number 1.
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A schedule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Schedule {
    /// Once.
    At(DateTime),
    /// Again and again, so many milliseconds apart.
    Rate(i64),
    /// At all times that fit.
    Cron(Box<Cron>),
}

/// The six fields of a cron expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cron {
    minutes: Vec<i64>,
    hours: Vec<i64>,
    day: Days,
    months: Vec<i64>,
    weekday: Days,
    years: Vec<i64>,
}

/// What days fit.
#[derive(Debug, Clone, PartialEq)]
enum Days {
    Any,
    Numbers(Vec<i64>),
    /// The last one of a month: `L`, `6L`.
    Last(Option<i64>),
    /// The working day nearest to a day: `15W`.
    Near(i64),
    /// The n-th of a month: `6#3`.
    Nth(i64, i64),
}

impl Schedule {
    /// `None`: it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (form, rest) = text.split_once('(')?;
        let inner = rest.strip_suffix(')')?.trim();
        match form {
            "at" => inner.parse().ok().map(Self::At),
            "rate" => rate(inner).map(Self::Rate),
            "cron" => cron(inner).map(|cron| Self::Cron(Box::new(cron))),
            _ => None,
        }
    }

    /// The first time after `after`, in milliseconds since 1970; a rate counts from `since`.
    pub(crate) fn next(&self, after: i64, since: i64, zone: Option<&str>) -> Option<i64> {
        let zone = zone.map_or(Some(TimeZone::UTC), |name| TimeZone::get(name).ok())?;
        match self {
            Self::At(at) => Some(instant(*at, &zone)?).filter(|at| *at > after),
            Self::Rate(every) if after < since => Some(since + every),
            Self::Rate(every) => Some(since + ((after - since) / every + 1) * every),
            Self::Cron(cron) => cron.next(after, &zone),
        }
    }
}

fn instant(at: DateTime, zone: &TimeZone) -> Option<i64> {
    let zoned = zone.to_ambiguous_zoned(at).compatible().ok()?;
    Some(zoned.timestamp().as_millisecond())
}

fn rate(text: &str) -> Option<i64> {
    let (number, unit) = text.split_once(' ')?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    let unit = match unit.trim().trim_end_matches('s') {
        "minute" => 60_000,
        "hour" => 3_600_000,
        "day" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

fn cron(text: &str) -> Option<Cron> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, day, month, weekday, year] = fields[..] else {
        return None;
    };
    // One of the two says nothing.
    if (day == "?") == (weekday == "?") {
        return None;
    }
    Some(Cron {
        minutes: numbers(minutes, (0, 59), &[])?,
        hours: numbers(hours, (0, 23), &[])?,
        day: days(day, (1, 31), &[])?,
        months: numbers(month, (1, 12), &MONTHS)?,
        weekday: days(weekday, (1, 7), &WEEKDAYS)?,
        years: numbers(year, (1970, 2199), &[])?,
    })
}

fn days(text: &str, bounds: (i64, i64), names: &[&str]) -> Option<Days> {
    let number = |text: &str| one(text, bounds, names);
    let is_weekday = !names.is_empty();
    Some(match text {
        "?" | "*" => Days::Any,
        "L" if is_weekday => Days::Numbers(vec![bounds.1]),
        "L" => Days::Last(None),
        _ if is_weekday && text.ends_with('L') => {
            Days::Last(Some(number(text.trim_end_matches('L'))?))
        }
        _ if !is_weekday && text.ends_with('W') => Days::Near(number(text.trim_end_matches('W'))?),
        _ => match text.split_once('#') {
            Some((day, nth)) if is_weekday => Days::Nth(number(day)?, one(nth, (1, 5), &[])?),
            Some(_) => return None,
            None => Days::Numbers(numbers(text, bounds, names)?),
        },
    })
}

/// One number, or its name.
fn one(text: &str, (least, most): (i64, i64), names: &[&str]) -> Option<i64> {
    let named = names
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name));
    let number = match named {
        Some(index) => least + i64::try_from(index).ok()?,
        None => text.parse().ok()?,
    };
    (least..=most).contains(&number).then_some(number)
}

/// `*`, `1,2`, `1-5`, `0/15`, in their order.
fn numbers(text: &str, bounds: (i64, i64), names: &[&str]) -> Option<Vec<i64>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|n| *n > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => bounds,
            Some((from, to)) => (one(from, bounds, names)?, one(to, bounds, names)?),
            None => {
                let from = one(range, bounds, names)?;
                (from, step.map_or(from, |_| bounds.1))
            }
        };
        all.extend((from..=to).step_by(step.unwrap_or(1)));
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

impl Cron {
    fn next(&self, after: i64, zone: &TimeZone) -> Option<i64> {
        let from = Timestamp::from_millisecond(after).ok()?;
        let mut date = from.to_zoned(zone.clone()).date();
        for _ in 0..DAYS {
            if self.fits(date) {
                let times = self.hours.iter().flat_map(|hour| {
                    let minutes = self.minutes.iter();
                    minutes.filter_map(move |minute| {
                        let (hour, minute) =
                            (i8::try_from(*hour).ok()?, i8::try_from(*minute).ok()?);
                        Some(date.at(hour, minute, 0, 0))
                    })
                });
                let mut times = times.filter_map(|time| instant(time, zone));
                if let Some(time) = times.find(|time| *time > after) {
                    return Some(time);
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn fits(&self, date: Date) -> bool {
        self.years.contains(&i64::from(date.year()))
            && self.months.contains(&i64::from(date.month()))
            && day_fits(&self.day, date)
            && weekday_fits(&self.weekday, date)
    }
}

/// Sunday is 1.
fn weekday(date: Date) -> i64 {
    i64::from(date.weekday().to_sunday_one_offset())
}

fn day_fits(days: &Days, date: Date) -> bool {
    let day = i64::from(date.day());
    match days {
        Days::Numbers(numbers) => numbers.contains(&day),
        Days::Last(_) => date == date.last_of_month(),
        Days::Near(wanted) => nearest_working_day(date, *wanted) == Some(date),
        Days::Any | Days::Nth(..) => true,
    }
}

fn weekday_fits(days: &Days, date: Date) -> bool {
    let is = weekday(date);
    let day = i64::from(date.day());
    match days {
        Days::Numbers(numbers) => numbers.contains(&is),
        Days::Last(wanted) => *wanted == Some(is) && day > i64::from(date.days_in_month()) - 7,
        Days::Nth(wanted, nth) => *wanted == is && (day - 1) / 7 + 1 == *nth,
        Days::Any | Days::Near(_) => true,
    }
}

/// The working day nearest to a day of the month of `date`, within that month.
fn nearest_working_day(date: Date, wanted: i64) -> Option<Date> {
    let first = date.first_of_month();
    let wanted = first.checked_add((wanted - 1).days()).ok()?;
    if wanted.month() != date.month() {
        return None;
    }
    let away = match wanted.weekday() {
        Weekday::Saturday if wanted == first => 2,
        Weekday::Saturday => -1,
        Weekday::Sunday if wanted == date.last_of_month() => -2,
        Weekday::Sunday => 1,
        _ => 0,
    };
    wanted.checked_add(away.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(text: &str, zone: Option<&str>, after: &str) -> Option<String> {
        let after: Timestamp = after.parse().unwrap();
        let after = after.as_millisecond();
        let next = Schedule::read(text).unwrap().next(after, after, zone)?;
        Some(Timestamp::from_millisecond(next).unwrap().to_string())
    }

    fn due(text: &str, after: &str) -> Option<String> {
        next(text, None, after)
    }

    #[test]
    fn the_forms_of_the_user_guide_are_due_when_it_says() {
        // A Friday.
        let now = "2026-01-02T03:04:05Z";
        let rows = [
            ("cron(0 8 * * ? *)", "2026-01-02T08:00:00Z"),
            ("cron(30 6 ? * MON *)", "2026-01-05T06:30:00Z"),
            ("cron(0/15 * ? * MON-FRI *)", "2026-01-02T03:15:00Z"),
            ("cron(0 12 L * ? *)", "2026-01-31T12:00:00Z"),
            ("cron(0 9 ? * 2#1 *)", "2026-01-05T09:00:00Z"),
            ("cron(0 9 ? * 6L *)", "2026-01-30T09:00:00Z"),
            // The third is a Saturday.
            ("cron(0 9 3W * ? *)", "2026-01-02T09:00:00Z"),
            ("cron(0 0 29 2 ? *)", "2028-02-29T00:00:00Z"),
            ("rate(5 minutes)", "2026-01-02T03:09:05Z"),
            ("rate(1 day)", "2026-01-03T03:04:05Z"),
            ("at(2026-03-31T22:00:00)", "2026-03-31T22:00:00Z"),
        ];
        for (text, wanted) in rows {
            assert_eq!(due(text, now).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(due("cron(0 8 * * ? 2025)", now), None);
        assert_eq!(due("at(2025-03-31T22:00:00)", now), None);
    }

    #[test]
    fn a_time_is_of_its_zone_and_a_skipped_one_comes_after_the_gap() {
        let berlin = Some("Europe/Berlin");
        let night = "cron(0 22 * * ? *)";
        let winter = next(night, berlin, "2026-01-02T03:04:05Z");
        assert_eq!(winter.as_deref(), Some("2026-01-02T21:00:00Z"));
        let summer = next(night, berlin, "2026-07-02T03:04:05Z");
        assert_eq!(summer.as_deref(), Some("2026-07-02T20:00:00Z"));
        let gap = next("cron(30 2 29 3 ? 2026)", berlin, "2026-03-28T12:00:00Z");
        assert_eq!(gap.as_deref(), Some("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn what_is_no_schedule_is_none() {
        for text in [
            "cron(0 8 * * *)",
            "cron(0 8 * * * *)",
            "cron(0 8 ? * ? *)",
            "cron(60 8 * * ? *)",
            "rate(0 hours)",
            "rate(3 weeks)",
            "at(tomorrow)",
            "every day",
        ] {
            assert_eq!(Schedule::read(text), None, "{text}");
        }
    }
}
