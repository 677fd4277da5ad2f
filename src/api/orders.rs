//! Transport orders.

use std::ops::Bound;

use takt_maps::OrderId;
use tonic::{Request, Response, Status};

use super::person;
use super::status::{ask, invalid, out_of_range, status};
use super::submit::{self, quoted};
use super::v1::orders_server::Orders;
use super::v1::*;
use super::view::Frame;
use super::watch::{self, Stopping, Watch};
use crate::follower::model::OrderView;
use crate::follower::model::state_word;
use crate::host::front::{self, Front, Rejection, Reply};

/// Orders in a page, if the caller does not say.
const PAGE_DEFAULT: usize = 100;
/// Most orders in a page.
const PAGE_MAX: usize = 1_000;

/// The service.
#[derive(Debug)]
pub(super) struct OrdersApi {
    front: Front,
    stopping: Stopping,
}

impl OrdersApi {
    pub(super) fn new(front: Front, stopping: Stopping) -> Self {
        Self { front, stopping }
    }

    fn find(&self, id: OrderId) -> Option<(Frame, OrderView)> {
        self.front.read(|model| {
            model
                .orders
                .get(&id)
                .map(|order| (Frame::of(model), order.clone()))
        })
    }

    fn order(&self, id: OrderId) -> Result<Response<Order>, Status> {
        let (frame, order) = self.find(id).ok_or_else(|| status(no_order(id)))?;
        Ok(Response::new(frame.order(&order)))
    }
}

/// An order id as a request names it.
fn order_id(id: u64) -> Result<OrderId, Status> {
    if id == 0 {
        Err(invalid("id", "is missing: the id of an order, from 1"))
    } else {
        Ok(OrderId(id))
    }
}

fn no_order(id: OrderId) -> Rejection {
    Rejection::NotFound(format!(
        "there is no order {}: it never was, or ended long ago",
        id.0
    ))
}

#[tonic::async_trait]
impl Orders for OrdersApi {
    async fn submit_order(
        &self,
        request: Request<SubmitOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        let person = person::operator(request.metadata())?;
        let request = request.into_inner();
        let frame = self.front.read(Frame::of);
        let known = || {
            let same = |order: &OrderView| {
                !order.client_id.is_empty() && order.client_id == request.client_id
            };
            self.front.read(|model| model.orders.values().any(same))
        };
        let spec = submit::spec(&request, &frame, known)?;
        let submit = front::Request::Submit {
            client_id: request.client_id,
            spec,
        };
        match ask(&self.front, person, submit).await.map_err(status)? {
            Reply::Order(id) => self.order(id),
            Reply::Done => Err(Status::internal(
                "the controller took the order without giving it an id",
            )),
        }
    }

    async fn get_order(
        &self,
        request: Request<GetOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        person::caller(request.metadata())?;
        self.order(order_id(request.into_inner().id)?)
    }

    async fn list_orders(
        &self,
        request: Request<ListOrdersRequest>,
    ) -> Result<Response<ListOrdersResponse>, Status> {
        person::caller(request.metadata())?;
        let request = request.into_inner();
        let size = match usize::try_from(request.page_size) {
            Ok(0) => PAGE_DEFAULT,
            Ok(size) if size <= PAGE_MAX => size,
            _ => {
                return Err(invalid(
                    "page_size",
                    format!("is {}; it goes from 1 to {PAGE_MAX}", request.page_size),
                ));
            }
        };
        let after = match request.page_token.as_str() {
            "" => OrderId(0),
            token => OrderId(token.parse().map_err(|_| {
                let token = quoted(token);
                invalid(
                    "page_token",
                    format!("{token} is not a `next_page_token` of this API"),
                )
            })?),
        };
        let (frame, mut page) = self.front.read(|model| {
            let rest = model
                .orders
                .range((Bound::Excluded(after), Bound::Unbounded))
                .map(|(_, order)| order);
            let rest = rest.filter(|order| !(request.open_only && order.state.is_final()));
            // One more than asked for says whether there is another page.
            (
                Frame::of(model),
                rest.take(size + 1).cloned().collect::<Vec<_>>(),
            )
        });
        let more = page.len() > size;
        page.truncate(size);
        let next_page_token = page
            .last()
            .filter(|_| more)
            .map_or_else(String::new, |last| last.id.0.to_string());
        let orders = page.iter().map(|order| frame.order(order)).collect();
        Ok(Response::new(ListOrdersResponse {
            orders,
            next_page_token,
        }))
    }

    async fn cancel_order(
        &self,
        request: Request<CancelOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        let person = person::operator(request.metadata())?;
        let id = order_id(request.into_inner().id)?;
        match ask(&self.front, person, front::Request::Cancel { order: id }).await {
            Ok(_) => self.order(id),
            // The controller knows open orders only; those that ended of late are in the model.
            Err(Rejection::NotFound(_)) => Err(status(match self.find(id) {
                Some((_, order)) => {
                    let state = state_word(order.state);
                    Rejection::FailedPrecondition(format!(
                        "order {} cannot be cancelled: it is {state}",
                        id.0
                    ))
                }
                None => no_order(id),
            })),
            Err(rejection) => Err(status(rejection)),
        }
    }

    type WatchOrdersStream = Watch<Order>;

    async fn watch_orders(
        &self,
        request: Request<WatchOrdersRequest>,
    ) -> Result<Response<Watch<Order>>, Status> {
        person::caller(request.metadata())?;
        let after = request.into_inner().after_revision;
        let newest = self.front.read(|model| model.revision);
        if after > newest {
            // The store that the caller remembers is not this one: what it waits for may never come.
            let problem =
                format!("is {after}, but the newest revision is {newest}: watch from 0 again");
            return Err(out_of_range("after_revision", problem));
        }
        Ok(Response::new(watch::orders(
            self.front.clone(),
            after,
            self.stopping.clone(),
        )))
    }
}
