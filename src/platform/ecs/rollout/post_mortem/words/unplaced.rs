//! Why no instance took a task, in plain words, and what to do about it: from what ECS says of the
//! instance that came closest (Amazon ECS developer guide, service event messages). Pure.

/// What hindered a task from being placed on an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hindrance {
    Nobody,
    Port,
    Cpu,
    Memory,
    Gpu,
    Attribute,
    Constraint,
}

/// What each is told by, in lower case.
const TOLD: [(&str, Hindrance); 9] = [
    ("no container instances were found", Hindrance::Nobody),
    ("already using a port", Hindrance::Port),
    ("resource:ports", Hindrance::Port),
    ("insufficient cpu", Hindrance::Cpu),
    ("insufficient memory", Hindrance::Memory),
    ("gpu", Hindrance::Gpu),
    ("missing an attribute", Hindrance::Attribute),
    ("distinctinstance", Hindrance::Constraint),
    ("memberof", Hindrance::Constraint),
];

impl Hindrance {
    /// The one that an event tells of, if it is about instances at all.
    pub(super) fn told(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        if !lower.contains("container instance") {
            return None;
        }
        let mut told = TOLD.iter();
        told.find(|(words, _)| lower.contains(words))
            .map(|(_, hindrance)| *hindrance)
    }

    /// As the subject of "likely cause: …".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Nobody => "the cluster, or its capacity provider, has no instance",
            Self::Port => "the host port that it needs is taken on every instance",
            Self::Cpu => "no instance has enough CPU left for it",
            Self::Memory => "no instance has enough memory left for it",
            Self::Gpu => "no instance has enough GPUs left for it",
            Self::Attribute => {
                "no instance has all that it needs: another processor, a log driver, a capability"
            }
            Self::Constraint => "its placement constraints leave no instance",
        }
    }

    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Nobody => {
                "Register instances with the cluster, or check its Auto Scaling group and the agents on its instances."
            }
            Self::Port => {
                "Add an instance, or let an old task stop first: lower `minimum_healthy_percent`. Without a host port each task gets a free one."
            }
            Self::Cpu => "Ask for less `cpu`, or add instances.",
            Self::Memory => "Ask for less `memory`, or add instances.",
            Self::Gpu => "Add instances with GPUs, or stop what uses them.",
            Self::Attribute => {
                "Compare what the task definition requires with the attributes of the instances; check `architecture`, and the agent's version and configuration."
            }
            Self::Constraint => "Add instances that fit `placement.constraints`, or loosen them.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hindrance;

    #[test]
    fn each_event_tells_what_hinders() {
        const NO: &str = "(service api) was unable to place a task because no container instance met all of its requirements.";
        for (text, expected) in [
            (
                "Reason: No Container Instances were found in your cluster.",
                Some(Hindrance::Nobody),
            ),
            (
                "The closest matching (container-instance 0a) is already using a port required by your task.",
                Some(Hindrance::Port),
            ),
            (
                "The closest matching (container-instance 0a) has insufficient CPU units available.",
                Some(Hindrance::Cpu),
            ),
            (
                "The closest matching (container-instance 0a) has insufficient memory available.",
                Some(Hindrance::Memory),
            ),
            (
                "The closest matching (container-instance 0a) is missing an attribute required by your task.",
                Some(Hindrance::Attribute),
            ),
            (
                "The closest matching (container-instance 0a) encountered error \"MemberOf placement constraint unsatisfied.\"",
                Some(Hindrance::Constraint),
            ),
            ("", None),
        ] {
            assert_eq!(Hindrance::told(&format!("{NO} {text}")), expected, "{text}");
        }
        assert_eq!(
            Hindrance::told("Capacity is unavailable at this time."),
            None
        );
    }
}
