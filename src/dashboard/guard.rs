//! Who may ask: this page, opened on this machine.
//!
//! Nobody proves who they are here, so a page from elsewhere that happens to be open in the same browser must get
//! nothing: neither by sending requests across (`Origin`), nor by giving its own name this machine's address (`Host`).

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refusal::Refusal;

/// Lets a request through if it comes from this page.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    match check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => Refusal::forbidden(problem).into_response(),
    }
}

/// Does the request name this machine, and come from a page of the same origin or from no page at all?
fn check(headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name| {
        headers
            .get(name)
            .map(|v| v.to_str().unwrap_or("(not ASCII)"))
    };
    let host = text(header::HOST).unwrap_or_default();
    if !is_loopback(host) {
        return Err(
            "the Host header does not name this machine: open the dashboard as 127.0.0.1 or localhost",
        );
    }
    // Programs send no origin; browsers always do where it matters (POST, WebSocket).
    match text(header::ORIGIN) {
        None => Ok(()),
        Some(origin) if origin.strip_prefix("http://") == Some(host) => Ok(()),
        Some(_) => Err("the request comes from another page"),
    }
}

/// Is this `host` or `host:port` a name of this machine?
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn this_page_may_ask() {
        for (host, origin) in [
            ("127.0.0.1:8080", None),
            ("127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("localhost:1", Some("http://localhost:1")),
            ("[::1]:1", Some("http://[::1]:1")),
            ("localhost", None),
        ] {
            assert_eq!(
                check(&headers(host, origin)),
                Ok(()),
                "{host} from {origin:?}"
            );
        }
    }

    #[test]
    fn other_pages_may_not() {
        for (host, origin) in [
            ("plant.example:8080", None),
            ("127.0.0.1.plant.example:8080", None),
            ("10.0.0.1:8080", None),
            ("", None),
            ("127.0.0.1:8080", Some("http://127.0.0.1:9090")),
            ("127.0.0.1:8080", Some("https://127.0.0.1:8080")),
            ("127.0.0.1:8080", Some("http://plant.example")),
            ("127.0.0.1:8080", Some("null")),
        ] {
            assert!(
                check(&headers(host, origin)).is_err(),
                "{host} from {origin:?}"
            );
        }
        assert!(check(&HeaderMap::new()).is_err());
    }
}
