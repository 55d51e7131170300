//! Whose something is: of which project, at which target, and of which service in the file; as the
//! marks on everything of ours tell it. Pure.

use crate::names::TargetName;
use crate::spec::Spec;

/// On whose behalf a command works: what is the same for all of its services at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenant {
    /// The project, exactly.
    pub(crate) project: String,
    pub(crate) target: TargetName,
}

impl Tenant {
    /// Of what the files say.
    pub(crate) fn of(spec: &Spec) -> Self {
        Self {
            project: spec.project.clone(),
            target: spec.target.name.clone(),
        }
    }
}

/// Who owns a service, in the words that a platform's marks can hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    /// The project, as a label or a tag can hold it.
    pub(crate) project: &'a str,
    /// The project as it is, where a label or a tag cannot hold it.
    pub(crate) exact: Option<&'a str>,
    pub(crate) target: &'a str,
    /// The service in deploy.toml.
    pub(crate) service: &'a str,
}

/// The marks of something that is there, in the same words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks<'a> {
    /// The project, as a label or a tag can hold it.
    pub(crate) project: Option<&'a str>,
    /// The project as it is, where that is another.
    pub(crate) exact: Option<&'a str>,
    pub(crate) target: Option<&'a str>,
    /// The service in deploy.toml.
    pub(crate) service: Option<&'a str>,
}

impl Owner<'_> {
    /// Whether these marks name this owner. What an earlier version made tells neither its target
    /// nor its exact project: it is taken for the first one's that changes it, which marks it.
    pub(crate) fn is_named_by(&self, marks: &Marks<'_>) -> bool {
        let exactly = marks.exact == self.exact;
        let same = match marks.target {
            Some(target) => target == self.target && exactly,
            None => exactly || marks.exact.is_none(),
        };
        same && marks.project == Some(self.project) && marks.service == Some(self.service)
    }

    /// Whether these marks name this owner in full. What has another name than the file says and is
    /// about to go for it, must: a mark that is missing may be that of another target.
    pub(crate) fn is_named_in_full_by(&self, marks: &Marks<'_>) -> bool {
        let own = Marks {
            project: Some(self.project),
            exact: self.exact,
            target: Some(self.target),
            service: Some(self.service),
        };
        *marks == own
    }
}

impl Marks<'_> {
    /// Whose it is, in words; `None`: nobody's who marks things as we do.
    pub(crate) fn whose(&self) -> Option<String> {
        let (project, service) = (self.project?, self.service?);
        let project = self.exact.unwrap_or(project);
        let at = self.target.map(|target| format!(" at target {target}"));
        Some(format!(
            "service {service} of project {project}{}",
            at.unwrap_or_default()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEV: Owner<'static> = Owner {
        project: "team_a",
        exact: Some("team a"),
        target: "dev",
        service: "api",
    };

    const MARKED: Marks<'static> = Marks {
        project: Some("team_a"),
        exact: Some("team a"),
        target: Some("dev"),
        service: Some("api"),
    };

    #[test]
    fn each_of_the_marks_tells_owners_apart() {
        assert!(DEV.is_named_by(&MARKED));
        let others = [
            Marks {
                exact: Some("team/a"),
                ..MARKED
            },
            // A project that is called just as the label says.
            Marks {
                exact: None,
                ..MARKED
            },
            Marks {
                target: Some("stage"),
                ..MARKED
            },
            Marks {
                service: Some("web"),
                ..MARKED
            },
            Marks {
                project: None,
                ..MARKED
            },
        ];
        for other in others {
            assert!(!DEV.is_named_by(&other), "{other:?}");
            assert!(!DEV.is_named_in_full_by(&other), "{other:?}");
        }
        assert!(DEV.is_named_in_full_by(&MARKED));
    }

    #[test]
    fn what_an_earlier_version_made_is_the_first_ones_that_changes_it() {
        let earlier = Marks {
            exact: None,
            target: None,
            ..MARKED
        };
        assert!(DEV.is_named_by(&earlier));
        assert!(!DEV.is_named_in_full_by(&earlier));
        let other = Marks {
            project: Some("blog"),
            ..earlier
        };
        assert!(!DEV.is_named_by(&other));
    }

    #[test]
    fn an_owner_is_told_by_its_exact_name() {
        assert_eq!(
            MARKED.whose().as_deref(),
            Some("service api of project team a at target dev")
        );
        assert_eq!(Marks::default().whose(), None);
    }
}
