//! Why a task has no place, in the words of ECS (Amazon ECS developer guide, service event messages).

/// Why an instance does not take a task, from what is looked at first to what is last: the one that comes
/// furthest is the closest match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// There is no instance at all.
    Nobody {
        of_provider: bool,
    },
    /// It has another processor, or lacks a capability.
    Attribute,
    /// An expression does not hold.
    MemberOf,
    /// A task of the service is there already.
    Distinct,
    Gpu,
    Cpu,
    Memory,
    Port,
}

/// An instance, and why it takes no task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) instance: Option<String>,
    pub(crate) why: Why,
}

impl Misfit {
    pub(super) fn nobody(of_provider: bool) -> Self {
        Self {
            instance: None,
            why: Why::Nobody { of_provider },
        }
    }

    /// What follows `(service NAME) ` in its event.
    pub(crate) fn text(&self) -> String {
        let what = match self.why {
            Why::Nobody { of_provider: false } => {
                "Reason: No Container Instances were found in your cluster"
            }
            Why::Nobody { of_provider: true } => {
                "Reason: No Container Instances were found in your capacity provider"
            }
            Why::Attribute => "is missing an attribute required by your task",
            Why::MemberOf => "encountered error \"MemberOf placement constraint unsatisfied.\"",
            Why::Distinct => {
                "encountered error \"DistinctInstance placement constraint unsatisfied.\""
            }
            Why::Gpu => "has insufficient GPU resources available",
            Why::Cpu => "has insufficient CPU units available",
            Why::Memory => "has insufficient memory available",
            Why::Port => "is already using a port required by your task",
        };
        let which = self.instance.as_ref();
        let which = which.map(|id| format!("The closest matching (container-instance {id}) "));
        format!(
            "was unable to place a task because no container instance met all of its requirements. {}{what}. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
            which.unwrap_or_default()
        )
    }

    /// The reason of a failure of `RunTask` (Amazon ECS developer guide, API failure reasons).
    pub(crate) fn reason(&self) -> &'static str {
        match self.why {
            Why::Nobody { .. } => "EMPTY CAPACITY PROVIDER",
            Why::Attribute => "ATTRIBUTE",
            Why::MemberOf | Why::Distinct => "LOCATION",
            Why::Gpu => "RESOURCE:GPU",
            Why::Cpu => "RESOURCE:CPU",
            Why::Memory => "RESOURCE:MEMORY",
            Why::Port => "RESOURCE:PORTS",
        }
    }
}

/// Why a task was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unplaced {
    /// Fargate has no room.
    Capacity,
    /// No instance takes it.
    Misfit(Misfit),
}

const CAPACITY: &str = "Capacity is unavailable at this time. Please try again later or in a different availability zone";

impl Unplaced {
    /// What follows `(service NAME) ` in its event.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Capacity => format!(
                "was unable to place a task. Reason: {CAPACITY}. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
            ),
            Self::Misfit(misfit) => misfit.text(),
        }
    }

    /// The reason of a failure of `RunTask`.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Capacity => CAPACITY,
            Self::Misfit(misfit) => misfit.reason(),
        }
    }
}
