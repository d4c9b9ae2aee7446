//! Since when Redis remembers.
//!
//! A server that was started anew, another one in its place, or one that was emptied may have forgotten something. None of
//! that tells us; so each script that needs to know compares the server's own id with the one that stands beside the
//! data, and begins a new epoch where they differ.

/// Leaves the server's time at the beginning of the epoch in `since`, in milliseconds. `$epoch` is the record, and no script
/// may have written before it. A beginning that is still to come, by a clock that was wrong or a hand that wrote it, is now: until
/// then nobody would be let in. <https://redis.io/docs/latest/commands/info/>: `run_id`.
macro_rules! epoch {
    ($record:literal) => {
        concat!(
            "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local epoch = redis.call('HMGET', ",
            $record,
            ", 'run', 'since')
local clock = redis.call('TIME')
local present = clock[1] * 1000 + math.floor(clock[2] / 1000)
local since = tonumber(epoch[2]) or present + 1
if epoch[1] ~= run or not (since <= present) then
  since = present
  redis.call('HSET', ",
            $record,
            ", 'run', run, 'since', string.format('%.0f', since))
end
since = string.format('%.0f', since)
redis.call('PEXPIRE', ",
            $record,
            ", 604800000)
"
        )
    };
}

pub(super) use epoch;
