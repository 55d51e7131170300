//! When a change is made, among the others of its plan.

/// When a change is made, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wave {
    /// Everything else is in it, the history too.
    Namespace,
    /// Before any other write.
    Record,
    /// What defines the kinds of other objects, and what lies outside of namespaces before what uses
    /// it.
    Definitions,
    /// What other objects read.
    Config,
    /// What must be there before pods are, and an autoscaler that must be gone before the count is
    /// set.
    Around,
    /// A count that the Deployment then says too.
    Number,
    Pods,
    /// A count that the Deployment does not say.
    FirstNumber,
    /// What moves the count from then on.
    Autoscaler,
    /// What nobody needs any more.
    Removal,
    /// When all else is gone.
    Forget,
}
