//! How this program's own commands call the API.

use std::time::Duration;

use tonic::metadata::{BinaryMetadataValue, MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::person::{PERSON, PERSON_UTF8, ROLE};
use super::v1::floor_service_client::FloorServiceClient;
use super::v1::orders_client::OrdersClient;
use super::v1::vehicles_client::VehiclesClient;

/// Time to wait for a connection; the server is on this machine, or behind a tunnel.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Time to wait for an answer: a little more than the server itself waits.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// The transport of all services: a connection on which every request names its person.
pub type Transport = InterceptedService<Channel, Caller>;

/// A connection to the API.
#[derive(Clone, Debug)]
pub struct Client {
    address: String,
    channel: Channel,
    caller: Caller,
}

/// Who calls, put into each request's metadata.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    metadata: MetadataMap,
}

/// Why a call failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClientError {
    /// The request was wrong, whatever the floor's state.
    #[error("{0}")]
    Usage(String),
    /// It was refused as things are, or the API could not be reached.
    #[error("{0}")]
    Failed(String),
}

impl Caller {
    /// Who calls: a name, and a role as the API knows it.
    ///
    /// # Errors
    /// If the role cannot be a role.
    pub fn new(person: Option<&str>, role: &str) -> Result<Self, ClientError> {
        let mut metadata = MetadataMap::new();
        let role = role
            .parse()
            .map_err(|_| ClientError::Usage(format!("{role:?} is not a role")))?;
        metadata.insert(ROLE, role);
        if let Some(person) = person {
            match person.parse::<MetadataValue<_>>() {
                // The parser lets through more than the key may hold.
                Ok(name) if person.is_ascii() => drop(metadata.insert(PERSON, name)),
                _ => drop(metadata.insert_bin(
                    PERSON_UTF8,
                    BinaryMetadataValue::from_bytes(person.as_bytes()),
                )),
            }
        }
        Ok(Self { metadata })
    }
}

impl Interceptor for Caller {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        let mut headers = std::mem::take(metadata).into_headers();
        headers.extend(self.metadata.clone().into_headers());
        *metadata = MetadataMap::from_headers(headers);
        Ok(request)
    }
}

impl Client {
    /// Connects to an API at `host:port`.
    ///
    /// # Errors
    /// If nothing answers there; the message says where it looked and what to do.
    pub async fn connect(address: &str, caller: Caller) -> Result<Self, ClientError> {
        let usage = |problem| {
            ClientError::Usage(format!(
                "--api {address:?}: {problem}; write it as 127.0.0.1:7420"
            ))
        };
        let bare = address
            .strip_prefix("http://")
            .unwrap_or(address)
            .trim_end_matches('/');
        let port = bare.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(_))) {
            return Err(usage("it has no port".to_owned()));
        }
        let endpoint =
            Endpoint::from_shared(format!("http://{bare}")).map_err(|e| usage(e.to_string()))?;
        let endpoint = endpoint
            .connect_timeout(CONNECT_MAX)
            .timeout(ANSWER_MAX)
            .tcp_nodelay(true);
        let channel = endpoint.connect().await.map_err(|e| {
            ClientError::Failed(format!(
                "there is no API at {bare} ({}): is `takt run` or `takt serve` running? If it listens elsewhere, say \
                 so with --api ADDR:PORT",
                root(&e)
            ))
        })?;
        Ok(Self {
            address: bare.to_owned(),
            channel,
            caller,
        })
    }

    /// Transport orders.
    pub fn orders(&self) -> OrdersClient<Transport> {
        OrdersClient::with_interceptor(self.channel.clone(), self.caller.clone())
    }

    /// Vehicles.
    pub fn vehicles(&self) -> VehiclesClient<Transport> {
        VehiclesClient::with_interceptor(self.channel.clone(), self.caller.clone())
    }

    /// The floor.
    pub fn floor(&self) -> FloorServiceClient<Transport> {
        FloorServiceClient::with_interceptor(self.channel.clone(), self.caller.clone())
    }

    /// What a status means to the person who called; `name` turns a request's field into what that person knows it by.
    pub fn explain(&self, status: &Status, name: impl Fn(&str) -> String) -> ClientError {
        let details = status.get_error_details();
        let violations = details
            .bad_request()
            .map_or(&[][..], |bad| &bad.field_violations);
        let fields = violations
            .iter()
            .map(|v| format!("{}: {}", name(&v.field), v.description));
        let fields: Vec<_> = fields.collect();
        match status.code() {
            Code::InvalidArgument | Code::OutOfRange if !fields.is_empty() => {
                ClientError::Usage(fields.join("\n      "))
            }
            Code::InvalidArgument => ClientError::Usage(status.message().to_owned()),
            Code::AlreadyExists
            | Code::NotFound
            | Code::FailedPrecondition
            | Code::ResourceExhausted => ClientError::Failed(status.message().to_owned()),
            Code::PermissionDenied => ClientError::Failed(format!(
                "{}; say who you are with --person and --role",
                status.message()
            )),
            // Taken by tonic for a connection that broke, too.
            Code::Unavailable | Code::Unknown | Code::Cancelled => ClientError::Failed(format!(
                "the API at {} is gone: {}",
                self.address,
                status.message()
            )),
            code => ClientError::Failed(format!(
                "the API at {} failed ({code:?}): {}",
                self.address,
                status.message()
            )),
        }
    }
}

/// The innermost cause of an error: the only one that tells something.
fn root<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a dyn std::error::Error {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn callers_put_their_names_into_metadata() {
        let headers = |person| {
            let request = Caller::new(person, "operator")
                .unwrap()
                .call(Request::new(()))
                .unwrap();
            super::super::person::caller(request.metadata())
                .unwrap()
                .name
        };
        assert_eq!(headers(Some("li")), "li");
        assert_eq!(headers(Some("张伟")), "张伟");
        assert_eq!(headers(None), "anonymous");
        assert!(matches!(
            Caller::new(None, "böse\n"),
            Err(ClientError::Usage(_))
        ));
    }

    #[tokio::test]
    async fn an_api_that_is_not_there_is_explained() {
        let nowhere = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .to_string();
        let error = Client::connect(&nowhere, Caller::default())
            .await
            .unwrap_err();
        let said = error.to_string();
        assert!(
            matches!(error, ClientError::Failed(_))
                && said.contains(&nowhere)
                && said.contains("takt run"),
            "{said}"
        );
        for bad in ["", "localhost", "127.0.0.1:port", "a b:1"] {
            let error = Client::connect(bad, Caller::default()).await.unwrap_err();
            assert!(matches!(error, ClientError::Usage(_)), "{bad}: {error}");
        }
    }
}
