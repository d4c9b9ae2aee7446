//! Since when Redis remembers.
//!
//! A server that was started anew, another one in its place, or one that was emptied may have forgotten something. None of
//! that tells us; so each script that needs to know compares the server's own id with the one that stands beside the
//! data, and begins a new epoch where they differ.

/// Leaves the server's time at the beginning of the epoch in `since`, in milliseconds. `$epoch` is the record, and no script
/// may have written before it. <https://redis.io/docs/latest/commands/info/>: `run_id`.
macro_rules! epoch {
    ($record:literal) => {
        concat!(
            "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local epoch = redis.call('HMGET', ",
            $record,
            ", 'run', 'since')
local since = epoch[2]
if epoch[1] ~= run or not since then
  local now = redis.call('TIME')
  since = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
  redis.call('HSET', ",
            $record,
            ", 'run', run, 'since', since)
end
redis.call('PEXPIRE', ",
            $record,
            ", 604800000)
"
        )
    };
}

pub(super) use epoch;
