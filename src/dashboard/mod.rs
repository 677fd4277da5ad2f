//! The dashboard.
use crate::host::front::Front;
/// Serves.
pub async fn serve(_front: Front, _l: tokio::net::TcpListener, shutdown: impl Future<Output = ()>) { shutdown.await }
