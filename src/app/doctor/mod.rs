//! `connect-gateway doctor`: how a deployment does.

mod proxy;

pub use proxy::{DoctorProxy, doctor_proxy};
