//! The page: HTML, styles and scripts inside the binary, with headers that let it load nothing from elsewhere.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// A file of the page.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    body: &'static str,
}

macro_rules! assets {
    ($($path:literal as $content_type:expr,)*) => {
        /// All files of the page.
        const ASSETS: &[Asset] = &[$(Asset {
            path: concat!("/", $path),
            content_type: $content_type,
            body: include_str!(concat!("assets/", $path)),
        },)*];
    };
}

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

assets! {
    "index.html" as HTML,
    "icon.svg" as IMAGE,
    "base.css" as STYLE,
    "panels.css" as STYLE,
    "timeline.css" as STYLE,
    "actions.js" as SCRIPT,
    "app.js" as SCRIPT,
    "attention.js" as SCRIPT,
    "dialogs.js" as SCRIPT,
    "dom.js" as SCRIPT,
    "draw.js" as SCRIPT,
    "drawer.js" as SCRIPT,
    "i18n.js" as SCRIPT,
    "kpis.js" as SCRIPT,
    "lists.js" as SCRIPT,
    "live.js" as SCRIPT,
    "map.js" as SCRIPT,
    "phrases.js" as SCRIPT,
    "plot.js" as SCRIPT,
    "state.js" as SCRIPT,
    "timeline.js" as SCRIPT,
    "words_en.js" as SCRIPT,
    "words_zh.js" as SCRIPT,
}

/// Nothing but the page's own files, no inline script or style, no frames around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Gives out a file of the page.
pub(super) async fn asset(method: Method, uri: Uri, request: HeaderMap) -> Response {
    let path = match uri.path() {
        "/" => "/index.html",
        path => path,
    };
    let Some(asset) = ASSETS.iter().find(|a| a.path == path) else {
        return (StatusCode::NOT_FOUND, "there is no such page\n").into_response();
    };
    if method != Method::GET && method != Method::HEAD {
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "GET, HEAD")],
        )
            .into_response();
    }
    // A new build is a new tag: browsers ask each time, and get the files again only after an update.
    let tag = format!("\"{:08x}\"", crc32fast::hash(asset.body.as_bytes()));
    let known = request
        .get(header::IF_NONE_MATCH)
        .is_some_and(|t| t.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        asset.body.into_response()
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file of the page loads: everything quoted that ends like a file.
    fn loaded(body: &str) -> Vec<&str> {
        body.split(['"', '\''])
            .filter(|s| s.ends_with(".js") || s.ends_with(".css") || s.ends_with(".svg"))
            .collect()
    }

    #[test]
    fn what_the_page_loads_is_there_and_all_of_it_is_loaded() {
        let mut used = vec!["/index.html".to_owned()];
        for asset in ASSETS {
            for name in loaded(asset.body) {
                let path = format!("/{}", name.trim_start_matches("./").trim_start_matches('/'));
                assert!(
                    ASSETS.iter().any(|a| a.path == path),
                    "{} loads {name}",
                    asset.path
                );
                used.push(path);
            }
        }
        for asset in ASSETS {
            assert!(
                used.iter().any(|u| u == asset.path),
                "{} is never loaded",
                asset.path
            );
        }
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        for asset in ASSETS {
            let outside = asset
                .body
                .match_indices("://")
                .map(|(at, _)| asset.body[..at].rsplit([' ', '"', '\'', '`', '(']).next())
                .filter(|scheme| matches!(scheme, Some("http" | "https")));
            let names: Vec<_> = outside.collect();
            // The SVG namespace is a name, not an address.
            let namespaces = asset.body.matches("http://www.w3.org/2000/svg").count();
            assert_eq!(names.len(), namespaces, "{}", asset.path);
        }
    }
}
