//! A group that is to be there: created, or found because somebody else did it.

use std::time::Duration;

use tokio::time::sleep;

use crate::connect::Error;
use crate::connect::client::Calls;
use crate::model::{Cause, Patience};

/// Pause before looking again for a group that Connect says it has.
const SETTLE_PAUSE: Duration = Duration::from_millis(500);

/// A group that is there now.
pub(in crate::connect) struct Created {
    pub(in crate::connect) id: String,
    /// Whether it was there before.
    pub(in crate::connect) was_there: bool,
}

/// Creates the group, and waits until Connect shows it. A group of that name below the same parent is as good.
pub(in crate::connect) async fn created(
    calls: &Calls,
    name: &str,
    parent: Option<&str>,
    patience: Patience,
    settle_within: Duration,
) -> Result<Created, Error> {
    let settle = Patience::lasting(settle_within);
    match calls.create_hierarchy_group(name, parent, patience).await {
        Err(error) if error.is(Cause::Duplicate) => {
            let id = existing(calls, name, parent, settle).await?;
            Ok(Created { id, was_there: true })
        }
        answer => {
            let id = answer?.ok_or(Error::GroupNotShown)?;
            wait_until_shown(calls, &id, settle).await?;
            Ok(Created { id, was_there: false })
        }
    }
}

async fn existing(
    calls: &Calls,
    name: &str,
    parent: Option<&str>,
    settle: Patience,
) -> Result<String, Error> {
    loop {
        let named = calls.hierarchy_groups().await?.into_iter().filter(|(listed, _)| listed == name);
        for (_, id) in named {
            let lineage = calls.lineage(&id, settle).await?.unwrap_or_default();
            let above = lineage.iter().rev().nth(1).map(|(id, _)| id.as_str());
            if !lineage.is_empty() && above == parent {
                return Ok(id);
            }
        }
        if settle.left() < SETTLE_PAUSE {
            return Err(Error::GroupNotShown);
        }
        sleep(SETTLE_PAUSE).await;
    }
}

/// What follows may name the group, and Connect may not know it everywhere yet.
async fn wait_until_shown(calls: &Calls, id: &str, settle: Patience) -> Result<(), Error> {
    while calls.lineage(id, settle).await?.is_none() && settle.left() >= SETTLE_PAUSE {
        sleep(SETTLE_PAUSE).await;
    }
    Ok(())
}
