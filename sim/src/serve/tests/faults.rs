use super::*;

#[tokio::test]
async fn a_fault_is_injected_listed_and_ends_by_itself() {
    let served = Served::start().await;
    let mut vehicle = served.vehicle().await;
    let mode = async |vehicle: &mut Context, wanted: u16| {
        eventually(async || {
            let words = vehicle.read_input_registers(0, 24).await.unwrap().unwrap();
            (words[3] == wanted).then_some(())
        })
        .await;
    };
    let press = r#"{"cmd":"fault","kind":"vehicle-emergency-stop","target":"agv-01","for_s":1}"#;
    assert_eq!(served.ask(press).await, json!({"ok": true}));
    mode(&mut vehicle, 2).await;
    let faults = served.ask(r#"{"cmd":"faults"}"#).await;
    let kinds = faults["kinds"].as_array().unwrap();
    assert_eq!(kinds.len(), crate::faults::FaultKind::ALL.len());
    assert_eq!(faults["active"][0]["kind"], json!("vehicle-emergency-stop"));
    assert_eq!(faults["active"][0]["target"], json!("agv-01"));
    mode(&mut vehicle, 0).await;
    let faults = served.ask(r#"{"cmd":"faults"}"#).await;
    assert_eq!(faults["active"], json!([]));
}

#[tokio::test]
async fn a_reboot_closes_its_port_and_comes_back_with_another_boot() {
    let served = Served::start().await;
    let mut vehicle = served.vehicle().await;
    let reboot = r#"{"cmd":"fault","kind":"vehicle-reboots","target":"agv-01","for_s":0.5}"#;
    assert_eq!(served.ask(reboot).await, json!({"ok": true}));
    eventually(async || vehicle.read_input_registers(0, 1).await.err()).await;
    let address = served.ports.vehicles["agv-01"].clone();
    let mut back = eventually(async || connect(&address, 1).await.ok()).await;
    eventually(async || {
        let words = back.read_input_registers(0, 24).await.unwrap().unwrap();
        (words[2] == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_fault_is_said() {
    let served = Served::start().await;
    for (rest, part) in [
        (
            r#""kind":"vehicle-stop","target":"agv-01""#,
            "did you mean \"vehicle-stops\"?",
        ),
        (
            r#""kind":"vehicle-stops","target":"agv-1""#,
            "did you mean \"agv-01\"?",
        ),
        (
            r#""kind":"door-sticks","target":"line-plc""#,
            "about a door's device",
        ),
        (
            r#""kind":"vehicle-slips","target":"agv-01","amount":5000"#,
            "is 2 to 20 mm, not 5000",
        ),
        (
            r#""kind":"vehicle-stops","target":"agv-01","amount":5"#,
            "has no amount",
        ),
        (
            r#""kind":"vehicle-stops","target":"agv-01","for_s":0"#,
            "more than 0",
        ),
        (
            r#""kind":"vehicle-drops-load","target":"agv-01","for_s":5"#,
            "happens at once",
        ),
        (
            r#""kind":"planner-stalls","target":"""#,
            "in virtual time only",
        ),
    ] {
        let answer = served.ask(&format!(r#"{{"cmd":"fault",{rest}}}"#)).await;
        assert_eq!(answer["ok"], json!(false));
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(part), "{error}");
    }
    let pallet = r#"{"cmd":"fault","kind":"pallet","target":"n2->n3"}"#;
    assert_eq!(served.ask(pallet).await["ok"], json!(true));
    let again = served.ask(pallet).await;
    assert!(again["error"].as_str().unwrap().contains("active already"));
}
