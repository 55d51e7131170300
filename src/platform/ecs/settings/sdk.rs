//! What values of the SDK come down to, each in one way: words, counts, times, the PRIMARY deployment;
//! and our numbers as the API has them. Pure.

use std::time::Duration;

use aws_sdk_ecs::types as ecs;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::operation::BuildError;
use jiff::Timestamp;

use crate::platform::{Failed, FailureKind};

/// The status of the deployment that is being brought about, or serves.
pub(crate) const PRIMARY: &str = "PRIMARY";

/// The PRIMARY deployment of a service: it holds settings that the service itself does not tell.
pub(crate) fn primary(service: &ecs::Service) -> Option<&ecs::Deployment> {
    let mut deployments = service.deployments().iter();
    deployments.find(|deployment| deployment.status() == Some(PRIMARY))
}

/// A word of the API, as text.
pub(crate) fn word(value: &(impl AsRef<str> + ?Sized)) -> String {
    value.as_ref().to_owned()
}

/// The API's time.
pub(crate) fn time(time: Option<&DateTime>) -> Option<Timestamp> {
    time.and_then(|time| Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok())
}

/// The API's counts are never negative.
pub(crate) fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// The API's integers; the specification's are small and never negative.
pub(crate) fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A time as the API has it.
pub(crate) fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

/// What follows the last `/` of an ARN or id: a cluster's or service's name, `family:revision`, a
/// task's id, the number of a deployment.
pub(crate) fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The account in an ARN.
pub(crate) fn account_in(arn: &str) -> Option<String> {
    let account = arn.split(':').nth(4)?;
    (!account.is_empty()).then(|| account.to_owned())
}

/// A request that the SDK finds incomplete before it is sent.
pub(crate) fn incomplete(error: BuildError) -> Failed {
    Failed::new(
        "put the request together",
        FailureKind::Invalid,
        error.to_string(),
    )
    .caused_by(error)
}
