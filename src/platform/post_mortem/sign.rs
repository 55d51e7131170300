//! What the words of a failure tell beyond its [`Cause`]: some need an advice of their own. Pure.

use crate::event::{FailureGroup, LogTail};
use crate::rollout::Cause;
use crate::spec::Architecture;

/// Something that a failure's words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The network has no address left to give.
    NoAddress,
    /// The image was built for another processor than the one that it runs on.
    OtherProcessor,
    /// A container that is to go on ended, and says that all is well.
    EndedWell,
}

/// The sign that the words of a group show, or the last lines of its container.
pub(crate) fn sign(group: &FailureGroup, lines: Option<&LogTail>) -> Option<Sign> {
    let text = group.text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let spoken = || {
        let mut lines = lines.into_iter().flat_map(|tail| &tail.lines);
        lines.any(|line| line.to_ascii_lowercase().contains(NOT_EXECUTABLE))
    };
    match group.cause {
        Cause::NoCapacity if is_out_of_addresses(&text) => Some(Sign::NoAddress),
        Cause::ImageNotFound if has(&NO_SUCH_PLATFORM) => Some(Sign::OtherProcessor),
        Cause::ResourceMissing | Cause::Other if has(&[NOT_EXECUTABLE]) => {
            Some(Sign::OtherProcessor)
        }
        Cause::Exited if has(&[NOT_EXECUTABLE]) || spoken() => Some(Sign::OtherProcessor),
        Cause::Exited if group.exit_code == Some(0) => Some(Sign::EndedWell),
        _ => None,
    }
}

/// The kernel's words for a program that it cannot run (`ENOEXEC`).
const NOT_EXECUTABLE: &str = "exec format error";

/// The words of containerd, Docker and CRI-O for an image that has no part for the node.
const NO_SUCH_PLATFORM: [&str; 5] = [
    "no match for platform",
    "no matching manifest",
    "descriptor matching platform",
    "no image found in manifest list for architecture",
    "no image found in image index for architecture",
];

/// The words of the Amazon VPC CNI plugin, of other plugins and of EC2 for a network without free
/// addresses; in lower case.
pub(crate) fn is_out_of_addresses(lower: &str) -> bool {
    [
        "assign an ip address",
        "no available ip",
        "no ip addresses available",
        "insufficientfreeaddresses",
        "insufficient free ip",
        "enough free addresses",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

impl Sign {
    /// In a few words, as the subject of "likely cause: …".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NoAddress => "the network has no free address",
            Self::OtherProcessor => "the image was built for another processor",
            Self::EndedWell => {
                "the container exits with exit code 0, though it is to go on running"
            }
        }
    }
}

/// What to do about a container that ended well.
pub(crate) const ENDED_WELL: &str = "A server that ends with 0 is a failure all the same: check that `command` starts it in the \
     foreground, and does not only set something up.";

/// What to do about an image for another processor. `runs_on`: the one that it is run on, where
/// that is known; an image that does not fit one was most likely built for the other.
pub(crate) fn other_processor(runs_on: Option<Architecture>) -> String {
    let (here, there) = match runs_on {
        Some(Architecture::Arm64) => ("arm64", "x86_64"),
        Some(Architecture::X86_64) => ("x86_64", "arm64"),
        None => {
            return "Build the image for the nodes' processors, or set `architecture` to the one that it \
                    was built for."
                .to_owned();
        }
    };
    format!(
        "It runs on {here}, and the image was most likely built for {there}: build it for {here}, or set \
         `architecture = \"{there}\"`."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(cause: Cause, text: &str, exit_code: Option<i32>) -> FailureGroup {
        FailureGroup {
            cause,
            count: 1,
            text: text.into(),
            container: Some("api".into()),
            exit_code,
            first: jiff::Timestamp::UNIX_EPOCH,
            unit: crate::rollout::Unit::Task,
            example: None,
        }
    }

    const ROWS: &[(Cause, &str, Option<i32>, Option<Sign>)] = &[
        (
            Cause::NoCapacity,
            "FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: failed to assign an IP address to container",
            None,
            Some(Sign::NoAddress),
        ),
        (
            Cause::NoCapacity,
            "Unexpected EC2 error while attempting to Create Network Interface: InsufficientFreeAddressesInSubnet",
            None,
            Some(Sign::NoAddress),
        ),
        (
            Cause::NoCapacity,
            "0/3 nodes are available: 3 Insufficient cpu.",
            None,
            None,
        ),
        (
            Cause::Exited,
            "StartError, exit code 128: failed to create containerd task: OCI runtime create failed: unable to start container process: exec /srv/app: exec format error: unknown",
            Some(128),
            Some(Sign::OtherProcessor),
        ),
        (
            Cause::ImageNotFound,
            "failed to pull and unpack image \"x/api:v9\": no match for platform in manifest: not found",
            None,
            Some(Sign::OtherProcessor),
        ),
        (
            Cause::ImageNotFound,
            "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
            None,
            Some(Sign::OtherProcessor),
        ),
        (Cause::ImageNotFound, "manifest unknown", None, None),
        (
            Cause::Exited,
            "Completed, exit code 0",
            Some(0),
            Some(Sign::EndedWell),
        ),
        (Cause::Exited, "Error, exit code 1", Some(1), None),
        (Cause::OutOfMemory, "OOMKilled, exit code 0", Some(0), None),
    ];

    #[test]
    fn words_tell_more_than_their_cause() {
        for (cause, text, code, expected) in ROWS {
            assert_eq!(sign(&group(*cause, text, *code), None), *expected, "{text}");
        }
    }

    #[test]
    fn a_log_line_tells_of_another_processor_where_the_platform_only_says_that_it_ended() {
        let exited = group(
            Cause::Exited,
            "Essential container in task exited",
            Some(255),
        );
        let tail = |line: &str| LogTail {
            source: "/ecs/api".into(),
            lines: vec![line.into()],
        };
        let told = tail("exec /usr/local/bin/entrypoint.sh: exec format error");
        assert_eq!(sign(&exited, Some(&told)), Some(Sign::OtherProcessor));
        assert_eq!(sign(&exited, Some(&tail("connection refused"))), None);
    }

    #[test]
    fn both_processors_are_named_where_one_is_known() {
        let advice = other_processor(Some(Architecture::Arm64));
        assert!(advice.contains("runs on arm64"), "{advice}");
        assert!(advice.contains("built for x86_64"), "{advice}");
        let advice = other_processor(Some(Architecture::X86_64));
        assert!(advice.contains("architecture = \"arm64\""), "{advice}");
        let advice = other_processor(None);
        assert!(!advice.contains("64"), "{advice}");
    }
}
