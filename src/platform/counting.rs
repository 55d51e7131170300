//! What is said of a number of tasks or pods that an autoscaler moves, in the same words on every
//! platform. Pure.

use crate::plan::Note;
use crate::platform::failure::{Failed, FailureKind};
use crate::spec::Service;

/// The most tasks that a service may have (Amazon ECS service quotas); deploy.toml takes no more on
/// any platform.
const MOST: u32 = 5_000;

/// The bounds of the autoscaler of a service, and the number that is wanted at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scaled {
    pub(crate) min: u32,
    pub(crate) max: u32,
    /// At present.
    pub(crate) now: u32,
}

/// Why `scale` must not set `wanted`; `scaled`: what scales the service.
pub(crate) fn refusal<Own>(
    service: &Service<Own>,
    scaled: Option<Scaled>,
    wanted: u32,
    things: &str,
) -> Option<Failed> {
    let file = service.scaling.as_ref().map(|scaling| scaling.max);
    let why = match (scaled, file) {
        _ if wanted > MOST => format!("a service has at most {MOST} {things}"),
        (Some(Scaled { max, .. }), _) if wanted > max => {
            format!("its autoscaler allows at most {max}; raise `scaling.max` in deploy.toml first")
        }
        (_, Some(max)) if wanted > max => {
            format!("deploy.toml allows at most {max}; raise `scaling.max` there first")
        }
        _ => return None,
    };
    let what = format!("set the count of {} to {wanted}", service.name);
    Some(Failed::new(what, FailureKind::Refused, why))
}

/// What `scale` does, and does not do, where an autoscaler moves the number.
pub(crate) fn through_bounds(scaled: Scaled, wanted: u32, things: &str) -> Note {
    let Scaled { min, max, now } = scaled;
    let min_words = if min == wanted {
        format!("its min is {wanted} already")
    } else {
        format!("its min is set, {min} → {wanted}")
    };
    let now_words = if now < wanted {
        format!("{now} → {wanted} {things}")
    } else {
        format!("the {now} {things} that are wanted now are left to it")
    };
    Note::info(
        "autoscaler_decides",
        format!("An autoscaler moves the count, up to {max}: {min_words}; {now_words}."),
    )
}

/// What new bounds do to the number that is wanted at present; `None`: nothing.
pub(crate) fn moved(scaled: Scaled, things: &str) -> Option<Note> {
    let Scaled { min, max, now } = scaled;
    let to = now.min(max).max(min);
    (to != now).then(|| {
        Note::warning(
            "bounds_move_the_count",
            format!("The new bounds, {min} to {max}, move the count: {now} → {to} {things}."),
        )
    })
}

/// What of the autoscaling somebody suspended; `None`: nothing.
pub(crate) fn suspended(what: &[impl AsRef<str>]) -> Option<Note> {
    let what: Vec<&str> = what.iter().map(AsRef::as_ref).collect();
    (!what.is_empty()).then(|| {
        Note::warning(
            "scaling_suspended",
            format!(
                "Autoscaling of this service is suspended, and left so: {}.",
                what.join(", ")
            ),
        )
    })
}

/// That no task or pod is wanted; `lifts` is what an autoscaler would have at least.
pub(crate) fn nothing_wanted<Own>(service: &Service<Own>, thing: &str) -> Note {
    let min = service.scaling.as_ref().map_or(0, |scaling| scaling.min);
    let lifts = if min == 0 {
        String::new()
    } else {
        format!(
            " An autoscaler may leave it at 0; `deployer scale {}={min}` raises it.",
            service.name
        )
    };
    Note::warning(
        "desired_zero",
        format!("No {thing} is wanted, so nothing can show that this version works.{lifts}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALED: Scaled = Scaled {
        min: 2,
        max: 6,
        now: 9,
    };

    #[test]
    fn new_bounds_say_how_they_move_the_count() {
        let text = |now| moved(Scaled { now, ..SCALED }, "tasks").map(|note| note.text);
        assert!(text(9).unwrap().contains("9 → 6 tasks"));
        assert!(text(0).unwrap().contains("0 → 2 tasks"));
        assert_eq!(text(2), None);
        assert_eq!(text(6), None);
    }

    #[test]
    fn scaling_through_bounds_says_what_it_does_and_what_it_leaves() {
        let text = |now, wanted| through_bounds(Scaled { now, ..SCALED }, wanted, "pods").text;
        let raised = text(0, 2);
        assert!(raised.contains("min is 2 already"), "{raised}");
        assert!(raised.contains("0 → 2 pods"), "{raised}");
        let left = text(5, 3);
        assert!(left.contains("2 → 3"), "{left}");
        assert!(
            left.contains("5 pods that are wanted now are left"),
            "{left}"
        );
    }
}
