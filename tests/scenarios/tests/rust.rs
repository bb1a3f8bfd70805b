//! Every scenario with the Rust client. `HANDFAST_SEED` repeats what is random.

use handfast_scenarios::{Options, all, run_on};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_is_good_with_the_rust_client() {
    let scenarios = all().expect("the scenarios can be read");
    let failed = run_on("rust", &scenarios, Options::from_env()).await;
    assert_eq!(failed, Ok(0));
}
