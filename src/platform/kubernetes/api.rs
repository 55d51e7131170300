//! Single requests to the API server in their raw form, and what their failures mean.

pub mod conflict;
pub mod failures;
pub mod object;
pub mod requests;
