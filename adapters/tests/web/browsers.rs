//! The page in real browsers. Skipped without Chromium and its driver; with CREDLATCH_REQUIRE_PEERS=1 that is a failure.

use std::sync::Barrier;
use std::thread;

use crate::webdriver::{Browser, Driver};
use crate::world::{Server, World, onboarding};

fn driver() -> Option<Driver> {
    crate::needs::found(Driver::start(), "chromium or chromedriver")
}

#[test]
fn report_3972_a_two_browsers_that_start_at_once_show_one_code_and_see_one_success() {
    let Some(driver) = driver() else { return };
    let world = World::new();
    let server = Server::start(onboarding(&world.profiles()));
    let page = server.url("/onboarding/sign-in?profile=alice&provider=acme");
    let together = Barrier::new(2);
    let code = |browser: &Browser| {
        browser.open(&page);
        browser.wait_for("start", |text| text == "Get a code");
        together.wait();
        browser.press("start");
        browser.wait_for("code", |text| !text.is_empty())
    };
    let browsers = [driver.browser(), driver.browser()];
    let codes: Vec<String> = thread::scope(|scope| {
        let all = browsers.each_ref().map(|browser| scope.spawn(|| code(browser)));
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(codes[0], codes[1]);
    let stats = world.sandbox.stats();
    assert_eq!(stats.device_requests, 1);
    assert_eq!(stats.flows[0].user_code, codes[0]);
    for browser in &browsers {
        let link = browser.run("return document.getElementById('address').href");
        assert!(link.as_str().unwrap().starts_with(world.sandbox.url()), "{link}");
        assert!(browser.text("left").contains(" left"), "{}", browser.text("left"));
    }
    world.approve();
    for browser in &browsers {
        browser.wait_for("title", |text| text == "You are signed in");
        assert!(browser.text("code").is_empty() && browser.text("cancel").is_empty());
        assert_eq!(browser.run("return document.activeElement.id"), "title", "where a screen reader goes on");
        assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
    }
    assert_eq!(world.sandbox.stats().pollers, 1);
    assert!(world.profiles().profile("alice").unwrap().current("acme").is_ok());
}

#[test]
fn a_cancel_in_one_browser_is_seen_in_the_other_and_a_new_start_works() {
    let Some(driver) = driver() else { return };
    let world = World::new();
    let server = Server::start(onboarding(&world.profiles()));
    let [one, other] = [driver.browser(), driver.browser()];
    one.open(&server.url("/onboarding/sign-in?profile=alice"));
    one.wait_for("choices", |text| text.contains("acme"));
    one.run("[...document.querySelectorAll('#choices button')].find((b) => b.textContent === 'acme').click()");
    one.wait_for("start", |text| text == "Get a code");
    one.press("start");
    let code = one.wait_for("code", |text| !text.is_empty());
    // Whoever comes later sees what goes on, and needs no button.
    other.open(&server.url("/onboarding/sign-in?profile=alice&provider=acme"));
    assert_eq!(other.wait_for("code", |text| !text.is_empty()), code);
    other.press("cancel");
    other.wait_for("title", |text| text == "Cancelled");
    one.wait_for("title", |text| text == "Cancelled");
    one.press("start");
    assert_ne!(one.wait_for("code", |text| !text.is_empty()), code);
    assert_eq!(world.sandbox.stats().device_requests, 2);
}
