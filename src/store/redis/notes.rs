//! [`SharedNotes`] in Redis: the notes of a list by an id of their own, and the order in which they came.

use std::time::Duration;

use async_trait::async_trait;

use super::Redis;
use super::name::Name;
use super::script::Script;
use crate::model::{NoteList, Noted, SharedNotes, StateUnavailable};

/// The places of a list rise with the server's time, and whatever that does, with each note.
static NOTE: Script = Script::new(
    r"if redis.call('HGET', KEYS[1], ARGV[1]) then return 1 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
local place = math.max(now, (tonumber(last[2]) or 0) + 1)
redis.call('ZADD', KEYS[2], string.format('%.0f', place), ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - ARGV[4]))
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1 - ARGV[3])) do old[#old + 1] = id end
for _, id in ipairs(old) do
  redis.call('ZREM', KEYS[2], id)
  redis.call('HDEL', KEYS[1], id)
end
for _, record in ipairs(KEYS) do redis.call('PEXPIRE', record, ARGV[4]) end
return 1",
);

static SINCE: Script = Script::new(
    r"local places = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local found = {}
for at = 1, #places, 2 do
  local note = redis.call('HGET', KEYS[1], places[at])
  found[#found + 1] = { places[at], places[at + 1], note or '' }
end
return found",
);

/// How many are read at once.
const AT_ONCE: usize = 100;

impl Redis {
    /// The notes, and their order.
    fn notes(&self, list: NoteList) -> [Name; 2] {
        let list = match list {
            NoteList::SignIns => "sign-ins",
            NoteList::Refusals => "refusals",
        };
        let notes = self.name_of_one("notes").part(list);
        let order = notes.part("order");
        [notes, order]
    }
}

#[async_trait]
impl SharedNotes for Redis {
    async fn note(
        &self,
        list: NoteList,
        note: &[u8],
        most: usize,
        life: Duration,
    ) -> Result<(), StateUnavailable> {
        let [notes, order] = self.notes(list);
        let id = hex::encode(self.nonce());
        let sealed = self.sealer().seal(&notes.part(&id), note);
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        self.run("notes.note", &NOTE, &[&notes, &order], (id, sealed, most, life)).await
    }

    async fn since(&self, list: NoteList, place: u64) -> Result<Noted, StateUnavailable> {
        let [notes, order] = self.notes(list);
        let found: Vec<(String, f64, Vec<u8>)> =
            self.run("notes.since", &SINCE, &[&notes, &order], (place.to_string(), AT_ONCE)).await?;
        let opened = found.iter().filter_map(|(id, _, sealed)| self.sealer().open(&notes.part(id), sealed));
        Ok(Noted {
            notes: opened.collect(),
            place: found.last().map_or(place, |(_, place, _)| whole(*place)),
            has_more: found.len() == AT_ONCE,
        })
    }
}

/// Places are whole numbers below 2^53, as milliseconds are for some time to come.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number that is not negative"
)]
fn whole(place: f64) -> u64 {
    place as u64
}
