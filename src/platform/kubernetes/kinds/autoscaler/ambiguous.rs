//! Two autoscalers that move the same pods: Kubernetes then lets neither of them work. Pure.

use jiff::Timestamp;
use serde_json::Value;

use super::inactive;
use crate::answer::Message;

/// That an autoscaler stands still since another one moves the same pods, and what to do (Kubernetes
/// documentation, Horizontal Pod Autoscaling, ambiguous selectors); `None`: it says nothing of the kind.
pub(super) fn message(scaler: &Value) -> Option<Message> {
    let said = inactive(scaler, "AmbiguousSelector")?;
    let message = said["message"].as_str().unwrap_or_default();
    let colon = if message.is_empty() { "" } else { ": " };
    let at = said["lastTransitionTime"].as_str();
    Some(Message {
        at: at
            .and_then(|at| at.parse().ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
        text: format!(
            "Autoscaling stands still, AmbiguousSelector{colon}{message}. Delete the other \
             autoscaler; or keep it, and take `scaling` out of deploy.toml."
        ),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scaler(status: &str, reason: &str, message: &str) -> Value {
        json!({"status": {"conditions": [
            {"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale"},
            {
                "type": "ScalingActive", "status": status, "reason": reason, "message": message,
                "lastTransitionTime": "2026-01-02T03:04:05Z",
            },
        ]}})
    }

    #[test]
    fn two_autoscalers_of_the_same_pods_are_told_with_what_to_do() {
        let words =
            "pods by selector app=api are controlled by multiple HPAs: [shop/api shop/theirs]";
        let message = message(&scaler("False", "AmbiguousSelector", words)).unwrap();
        assert_eq!(message.at, "2026-01-02T03:04:05Z".parse().unwrap());
        assert!(message.text.contains("shop/theirs"), "{}", message.text);
        assert!(message.text.contains("take `scaling` out of deploy.toml"));
    }

    #[test]
    fn an_autoscaler_that_works_or_lacks_its_metrics_is_not_ambiguous() {
        for scaler in [
            scaler("True", "ValidMetricFound", ""),
            scaler("False", "FailedGetResourceMetric", "no metrics known"),
            json!({}),
        ] {
            assert_eq!(message(&scaler), None, "{scaler}");
        }
    }
}
