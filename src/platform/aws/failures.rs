//! From an SDK error to the kind of failure that decides what happens next, with the whole of
//! what AWS said.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::process;
use super::whole::Hollow;
use crate::platform::bounded::TooLarge;
use crate::platform::causes::{self, links, never_connected};
use crate::platform::failure::is_unauthorized;
use crate::platform::{Failed, FailureKind};

/// A call failed: `operation` says what was tried, "describe service api-service".
pub(crate) fn failed<E>(operation: impl Into<String>, error: SdkError<E, HttpResponse>) -> Failed
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if links(&error).any(found_nothing) {
        return Failed::nobody_logged_in().caused_by(error);
    }
    let (kind, code) = (kind_of(&error), error.code().map(str::to_owned));
    let message = words(&error);
    // Some operations say `ClientException` or `ValidationException` for what they may not do.
    let kind = match kind {
        FailureKind::Invalid if is_unauthorized(&message) => FailureKind::Denied,
        kind => kind,
    };
    Failed::new(operation, kind, message)
        .with_code(code.as_deref())
        .caused_by(error)
}

/// Credentials could not be had.
pub(crate) fn credentials_failed(operation: impl Into<String>, error: CredentialsError) -> Failed {
    if found_nothing(&error) {
        return Failed::nobody_logged_in().caused_by(error);
    }
    let kind = of_credentials(&error).unwrap_or(FailureKind::NoCredentials);
    let words = own_words(&error).unwrap_or_else(|| {
        let words: Vec<String> = links(&error).map(ToString::to_string).collect();
        words.join(": ")
    });
    Failed::new(operation, kind, words).caused_by(error)
}

/// Whether all that could have credentials were asked, and none has any.
fn found_nothing(link: &(dyn Error + 'static)) -> bool {
    let error = link.downcast_ref::<CredentialsError>();
    matches!(error, Some(CredentialsError::CredentialsNotLoaded(_)))
}

/// STS says whose credentials these are, or it is not STS.
pub(crate) fn nobody() -> Failed {
    let operation = "ask whose credentials these are";
    Failed::new(
        operation,
        FailureKind::Unsupported,
        "the answer names no account",
    )
}

/// What AWS said, in full; else the whole chain of causes, since the outermost link says only
/// "service error" or "dispatch failure".
fn words<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(message) = error.message().filter(|message| !message.trim().is_empty()) {
        return message.trim().to_owned();
    }
    if let Some(own) = own_words(error) {
        return own;
    }
    if let Some(status) = error.raw_response().map(|raw| raw.status().as_u16()) {
        let what = error.code().unwrap_or("no proper AWS answer");
        return format!("{what} (HTTP {status})");
    }
    causes::words(error)
}

/// What a `credential_process`, a hollow answer or one without an end is told by, which says all by itself.
fn own_words(error: &(dyn Error + 'static)) -> Option<String> {
    links(error).find_map(|link| {
        let process = link.downcast_ref::<process::Trouble>();
        let hollow = link.downcast_ref::<Hollow>();
        let large = link.downcast_ref::<TooLarge>();
        let process = process.map(ToString::to_string);
        let hollow = hollow.map(ToString::to_string);
        process
            .or(hollow)
            .or_else(|| large.map(ToString::to_string))
    })
}

fn kind_of<E>(error: &SdkError<E, HttpResponse>) -> FailureKind
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(kind) = links(error).find_map(of_credentials) {
        return kind;
    }
    match error {
        SdkError::ConstructionFailure(_) => FailureKind::Invalid,
        SdkError::DispatchFailure(_) if links(error).any(never_connected) => {
            FailureKind::Unreachable
        }
        SdkError::ResponseError(response) => of_strange_answer(response.raw()),
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => of_code(code, service.raw().status().as_u16()),
            None => of_strange_answer(service.raw()),
        },
        // A time-out or a broken connection: the request may have arrived.
        _ => FailureKind::Lost,
    }
}

fn of_credentials(link: &(dyn Error + 'static)) -> Option<FailureKind> {
    match link.downcast_ref::<CredentialsError>()? {
        CredentialsError::ProviderTimedOut(_) => Some(FailureKind::Unreachable),
        _ => Some(FailureKind::NoCredentials),
    }
}

/// An answer without an AWS error code in it: from a proxy, or from something that is not AWS; or
/// a success that was cut on its way, which says nothing about what was performed.
fn of_strange_answer(raw: &HttpResponse) -> FailureKind {
    match raw.status().as_u16() {
        // AWS names a code with each of these: whoever does not is no AWS, and lacks the operation.
        400 | 404 | 405 | 501 => FailureKind::Unsupported,
        429 => FailureKind::Throttled,
        401 | 403 => FailureKind::Denied,
        500.. => FailureKind::Server,
        300..=407 | 409..=499 => FailureKind::Invalid,
        _ => FailureKind::Lost,
    }
}

/// What AWS calls "too many requests" (AWS SDKs and Tools Reference Guide, retry behavior).
const THROTTLED: [&str; 9] = [
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
];

/// The kinds of the codes that AWS uses (Amazon ECS and Application Auto Scaling API references,
/// common errors).
fn of_code(code: &str, status: u16) -> FailureKind {
    match code {
        _ if THROTTLED.contains(&code) => FailureKind::Throttled,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            FailureKind::Expired
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "AuthFailure" => FailureKind::Rejected,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "OptInRequired"
        | "BlockedException" => FailureKind::Denied,
        "ClusterNotFoundException" => FailureKind::ClusterMissing,
        "ServiceNotFoundException"
        | "ServiceNotActiveException"
        | "ServiceDeploymentNotFoundException"
        | "ResourceNotFoundException"
        | "ObjectNotFoundException"
        | "NamespaceNotFoundException"
        | "TargetGroupNotFound"
        | "LoadBalancerNotFound" => FailureKind::Missing,
        "ConflictException"
        | "ConcurrentUpdateException"
        | "UpdateInProgressException"
        | "ResourceInUseException" => FailureKind::Conflict,
        "LimitExceededException"
        | "LimitExceeded"
        | "ResourceLimitExceededException"
        | "ServiceQuotaExceededException" => FailureKind::Quota,
        "UnsupportedFeatureException"
        | "UnknownOperationException"
        | "UnknownOperation"
        | "InvalidAction"
        | "NotImplemented"
        | "NotImplementedError" => FailureKind::Unsupported,
        "ServerException"
        | "InternalFailure"
        | "InternalError"
        | "InternalServerError"
        | "InternalServiceException"
        | "InternalServiceError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => FailureKind::Server,
        _ if status == 501 => FailureKind::Unsupported,
        _ if status >= 500 => FailureKind::Server,
        _ => FailureKind::Invalid,
    }
}
