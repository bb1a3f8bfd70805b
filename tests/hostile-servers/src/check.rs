//! What a server has to have seen when a scenario is over.

use serde_json::Value;

/// Says what is not as it should be.
pub(crate) fn check(wanted: &Value, seen: &Value) -> Result<(), String> {
    let Some(wanted) = wanted.as_object() else {
        return Ok(());
    };
    for (what, wanted) in wanted {
        one(what, wanted, seen)
            .map_err(|got| format!("the server saw {what} {got}, not {wanted}"))?;
    }
    Ok(())
}

/// Compares one thing; gives what there is in its place.
fn one(what: &str, wanted: &Value, seen: &Value) -> Result<(), String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let is = |condition: bool, got: Value| match condition {
        true => Ok(()),
        false => Err(got.to_string()),
    };
    let between = |got: u64, bounds: &Value| {
        is(
            (bounds[0].as_u64() <= Some(got)) && (Some(got) <= bounds[1].as_u64()),
            got.into(),
        )
    };
    let messages = list(&seen["messages"]);
    match what {
        "connections" => between(list(&seen["connections"]).len() as u64, wanted),
        "counts" => {
            for (tag, bounds) in wanted.as_object().into_iter().flatten() {
                let count = seen["counts"][tag].as_u64().unwrap_or_default();
                between(count, bounds).map_err(|got| format!("{tag}: {got}"))?;
            }
            Ok(())
        }
        // The messages of these types, in this order.
        "order" => {
            let order = list(wanted);
            let tags = messages.iter().map(|message| message["type"].clone());
            let tags: Vec<Value> = tags.filter(|tag| order.contains(tag)).collect();
            is(tags == order, tags.into())
        }
        "increasing" => {
            let numbers = messages.iter().filter(|message| message["type"] == *wanted);
            let numbers: Vec<i64> = numbers
                .filter_map(|message| message["n"].as_i64())
                .collect();
            is(numbers.is_sorted_by(|a, b| a < b), numbers.into())
        }
        "pending" => {
            for (tag, most) in wanted.as_object().into_iter().flatten() {
                let pending = seen["pending"][tag].as_u64();
                is(pending <= most.as_u64(), pending.into())?;
            }
            Ok(())
        }
        // How many milliseconds there are between two connections at the least, the second excepted: it follows a good one.
        "apart" => {
            let times: Vec<u64> = list(&seen["connections"])
                .iter()
                .filter_map(Value::as_u64)
                .collect();
            let nearest = times.windows(2).map(|pair| pair[1] - pair[0]).min();
            is(nearest >= wanted.as_u64(), nearest.into())
        }
        "rooms" | "closes" => is(seen[what] == *wanted, seen[what].clone()),
        other => Err(format!("{other} is nothing that is looked at")),
    }
}
