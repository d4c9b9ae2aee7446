//! An identity provider whose clock is wrong.

use crate::world::{World, assert_inside, assert_refused};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_may_be_two_minutes_off_and_at_ten_minutes_the_page_names_the_clock() {
    let world = World::start("").await;
    for seconds in [120, -120] {
        world.idp.set("clock_offset", seconds).await;
        assert_inside(&world.sign_in("alice").await, "alice");
    }
    for seconds in [600, -600] {
        world.idp.set("clock_offset", seconds).await;
        let page = world.sign_in("alice").await;
        assert_refused(&page, "saml.expired");
        assert!(page.body.contains("a clock is wrong"), "{seconds} s: {}", page.body);
        assert!(page.body.contains("clocks of the identity provider and of this gateway"), "{}", page.body);
    }
}
