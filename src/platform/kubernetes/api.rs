//! Single requests to the API server in their raw form, and what their failures mean.

pub(crate) mod associations;
pub(crate) mod conflict;
pub(crate) mod failures;
pub(crate) mod object;
pub(crate) mod requests;
