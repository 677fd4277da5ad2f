//! `takt order`: transport orders, through the API.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::duration;
use super::client::{
    Align, block_on, connect, explain, print, print_json, span, table, utc_now_ms,
};
use super::{ClientArgs, Failure};
use crate::api::client::Client;
use crate::api::v1::*;

const EXAMPLES: &str = "Examples:
  takt order submit --from store-1 --to smt1-1 --priority 9 --deadline 10m
  takt order list --open
  takt order watch --json
  takt order cancel 17 --person li";

/// Arguments of `takt order`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct OrderCommand {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Submit an order
    Submit(SubmitArgs),
    /// List orders: open ones, and those that ended of late
    List {
        /// Only orders that have not ended
        #[arg(long)]
        open: bool,
    },
    /// Show orders as they change, until Ctrl-C
    Watch {
        /// Only what changed after this revision; 0: begin with all orders
        #[arg(long, value_name = "REVISION", default_value_t = 0)]
        after: u64,
    },
    /// Cancel an order whose load is not on board yet
    Cancel {
        /// Its id
        #[arg(value_name = "ORDER")]
        id: u64,
    },
}

/// Arguments of `takt order submit`.
#[derive(Debug, Args)]
struct SubmitArgs {
    /// Station at which the load is picked up
    #[arg(long, value_name = "STATION")]
    from: String,
    /// Station to which the load is taken
    #[arg(long, value_name = "STATION")]
    to: String,
    /// Buffer from which the load is taken
    #[arg(
        long,
        value_name = "BUFFER",
        default_value = "",
        hide_default_value = true
    )]
    from_buffer: String,
    /// Buffer into which the load is put
    #[arg(
        long,
        value_name = "BUFFER",
        default_value = "",
        hide_default_value = true
    )]
    to_buffer: String,
    /// Pieces in the load; 0: one load
    #[arg(long, value_name = "PIECES", default_value_t = 0)]
    quantity: u32,
    /// 0 (normal) to 9 (rush)
    #[arg(long, value_name = "0-9", default_value_t = 0)]
    priority: u32,
    /// Late after this time from now (90s, 10m, 2h)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    deadline: Option<Duration>,
    /// Not begun before this time from now (90s, 10m, 2h)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    release: Option<Duration>,
    /// Begun only when this order is done
    #[arg(
        long,
        value_name = "ORDER",
        default_value_t = 0,
        hide_default_value = true
    )]
    after: u64,
    /// Your own id for it: submitting it twice makes one order
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    client_id: String,
}

/// Carries out `takt order`.
///
/// # Errors
/// If the API is not there, or refuses.
pub fn run(command: OrderCommand) -> Result<(), Failure> {
    let OrderCommand {
        client: args,
        command,
    } = command;
    block_on(async move {
        let client = connect(&args).await?;
        match command {
            Command::Submit(submit_args) => submit(&client, &args, submit_args).await,
            Command::List { open } => list(&client, &args, open).await,
            Command::Watch { after } => watch(&client, &args, after).await,
            Command::Cancel { id } => {
                let cancelled = client
                    .orders()
                    .cancel_order(CancelOrderRequest { id })
                    .await;
                let order = cancelled.map_err(explain(&client))?.into_inner();
                show(
                    &args,
                    &order,
                    &format!("order {}: {}\n", order.id, state(&order)),
                )
            }
        }
    })
}

async fn submit(client: &Client, args: &ClientArgs, submit: SubmitArgs) -> Result<(), Failure> {
    let from_now = |time: Option<Duration>| {
        time.map_or(0, |time| {
            utc_now_ms().saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
        })
    };
    let request = SubmitOrderRequest {
        client_id: submit.client_id,
        pickup_station: submit.from,
        drop_station: submit.to,
        pickup_buffer: submit.from_buffer,
        drop_buffer: submit.to_buffer,
        quantity: submit.quantity,
        priority: submit.priority,
        release_time_ms: from_now(submit.release),
        deadline_ms: from_now(submit.deadline),
        depends_on: submit.after,
    };
    let submitted = client.orders().submit_order(request).await;
    let order = submitted
        .map_err(|status| Failure::from(client.explain(&status, option)))?
        .into_inner();
    let text = format!(
        "order {}: {} -> {}, {}\n",
        order.id,
        order.pickup_station,
        order.drop_station,
        state(&order)
    );
    show(args, &order, &text)
}

/// The option that fills a field of the request.
fn option(field: &str) -> String {
    match field {
        "pickup_station" => "--from",
        "drop_station" => "--to",
        "pickup_buffer" => "--from-buffer",
        "drop_buffer" => "--to-buffer",
        "quantity" => "--quantity",
        "priority" => "--priority",
        "release_time_ms" => "--release",
        "deadline_ms" => "--deadline",
        "depends_on" => "--after",
        "client_id" => "--client-id",
        "takt-person" | "takt-person-bin" => "--person",
        "takt-role" => "--role",
        other => other,
    }
    .to_owned()
}

async fn list(client: &Client, args: &ClientArgs, open_only: bool) -> Result<(), Failure> {
    let mut orders: Vec<Order> = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListOrdersRequest {
            page_size: 1_000,
            page_token,
            open_only,
        };
        let page = client
            .orders()
            .list_orders(request)
            .await
            .map_err(explain(client))?
            .into_inner();
        orders.extend(page.orders);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if args.json {
        return print_json(&json!({ "orders": orders.iter().map(order_json).collect::<Vec<_>>() }));
    }
    if orders.is_empty() {
        eprintln!("no orders{}", if open_only { " open" } else { "" });
        return Ok(());
    }
    let now = utc_now_ms();
    let rows: Vec<_> = orders.iter().map(|order| row(order, now)).collect();
    let heading = [
        ("ORDER", Align::Right),
        ("STATE", Align::Left),
        ("FROM", Align::Left),
        ("TO", Align::Left),
        ("PRIORITY", Align::Right),
        ("VEHICLE", Align::Left),
        ("DUE", Align::Left),
        ("AGE", Align::Right),
        ("PERSON", Align::Left),
        ("CLIENT ID", Align::Left),
    ];
    print(&table(heading, &rows))
}

fn row(order: &Order, now: i64) -> [String; 10] {
    let end = if order.end_time_ms == 0 {
        now
    } else {
        order.end_time_ms
    };
    let late = order.late || order.deadline_ms != 0 && end > order.deadline_ms;
    let due = match order.deadline_ms {
        0 => "-".to_owned(),
        deadline if late => format!("late by {}", span(end - deadline)),
        _ if order.end_time_ms != 0 => "in time".to_owned(),
        deadline => format!("in {}", span(deadline - now)),
    };
    [
        order.id.to_string(),
        state(order),
        order.pickup_station.clone(),
        order.drop_station.clone(),
        order.priority.to_string(),
        if order.vehicle.is_empty() {
            "-".to_owned()
        } else {
            order.vehicle.clone()
        },
        due,
        span(now - order.submit_time_ms),
        order.person.clone(),
        order.client_id.clone(),
    ]
}

async fn watch(client: &Client, args: &ClientArgs, after_revision: u64) -> Result<(), Failure> {
    let request = WatchOrdersRequest { after_revision };
    let mut orders = client
        .orders()
        .watch_orders(request)
        .await
        .map_err(explain(client))?
        .into_inner();
    while let Some(order) = orders.message().await.map_err(explain(client))? {
        let vehicle = if order.vehicle.is_empty() {
            String::new()
        } else {
            format!(" ({})", order.vehicle)
        };
        let late = if order.late { ", late" } else { "" };
        let (from, to) = (&order.pickup_station, &order.drop_station);
        let revision = order.revision;
        let text = format!(
            "{revision:>6}  order {}: {from} -> {to}, {}{vehicle}{late}\n",
            order.id,
            state(&order)
        );
        show(args, &order, &text)?;
    }
    Err(Failure::Failed("the API ended the watch".to_owned()))
}

/// An order as JSON or as text.
fn show(args: &ClientArgs, order: &Order, text: &str) -> Result<(), Failure> {
    if args.json {
        print_json(&order_json(order))
    } else {
        print(text)
    }
}

/// The state as people read it, with the reason where there is one.
fn state(order: &Order) -> String {
    let word = state_word(order);
    if order.reason.is_empty() {
        word
    } else {
        format!("{word}: {}", order.reason)
    }
}

/// The state's name in the `.proto`, without what all have in common.
fn state_word(order: &Order) -> String {
    order
        .state()
        .as_str_name()
        .trim_start_matches("ORDER_STATE_")
        .to_lowercase()
}

/// An order with the `.proto`'s names.
fn order_json(order: &Order) -> Value {
    json!({
        "id": order.id,
        "client_id": order.client_id,
        "person": order.person,
        "pickup_station": order.pickup_station,
        "drop_station": order.drop_station,
        "pickup_buffer": order.pickup_buffer,
        "drop_buffer": order.drop_buffer,
        "quantity": order.quantity,
        "priority": order.priority,
        "release_time_ms": order.release_time_ms,
        "deadline_ms": order.deadline_ms,
        "depends_on": order.depends_on,
        "state": state_word(order),
        "vehicle": order.vehicle,
        "reason": order.reason,
        "late": order.late,
        "submit_time_ms": order.submit_time_ms,
        "end_time_ms": order.end_time_ms,
        "revision": order.revision,
    })
}
