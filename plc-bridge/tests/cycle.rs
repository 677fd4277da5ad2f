//! Handshakes as the control cycle runs them: on the built-in floor, and without allocation.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use takt_maps::*;
use takt_plc_bridge::Image;
use takt_plc_bridge::handshake::*;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts the allocations of each thread.
struct Counting;

// SAFETY: everything is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, and the pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

const CONTEXT: Context = Context {
    direction: Direction::Unload,
    load: 7,
    buffer: 2,
};

fn value_of(value: Value) -> u16 {
    match value {
        Value::Constant(constant) => constant,
        Value::Direction => 2,
        Value::Load => 7,
        Value::Buffer => 2,
    }
}

/// Everything on the floor that has a device, with its program.
fn users(floor: &Floor, programs: &Programs) -> Vec<(DeviceId, HandshakeId, ProgramId)> {
    let stations = floor.stations.iter().enumerate();
    let stations = stations.map(|(i, s)| (s.device, programs.station(StationId::from_index(i))));
    let chargers = floor.chargers.iter().enumerate();
    let chargers = chargers.map(|(i, c)| (c.device, programs.charger(ChargerId::from_index(i))));
    let doors = floor.doors.iter().enumerate();
    let doors = doors.map(|(i, d)| (d.device, programs.door(DoorId::from_index(i))));
    let all = stations.chain(chargers).chain(doors);
    all.filter_map(|(device, program)| {
        assert_eq!(device.is_some(), program.is_some());
        device.zip(program).map(|((d, h), p)| (d, h, p))
    })
    .collect()
}

/// With a device that does at once what each step waits for, every handshake of the built-in floor runs through all
/// its steps, sets what they say, and allocates nothing.
#[test]
fn built_in_floor_shakes_hands() {
    let floor = builtin("electronics-line").unwrap().unwrap().floor;
    let programs = Programs::new(&floor).unwrap();
    let users = users(&floor, &programs);
    assert!(users.len() >= 20, "stations, chargers and doors");
    let before = allocations();
    for &(device, handshake, program) in &users {
        let device = &floor.devices[device.index()];
        let handshake = &floor.handshakes[handshake.index()];
        let (mut inputs, mut outputs) = (Image::ZERO, Image::ZERO);
        for (phase, steps) in [
            (Phase::Begin, &handshake.begin),
            (Phase::End, &handshake.end),
        ] {
            let mut instance = Instance::start(program, phase, CONTEXT);
            for (now, (index, step)) in (0u64..).zip(steps.iter().enumerate()) {
                let status = instance.step(&programs, &inputs, &mut outputs, now, true);
                let expected = Status::Running {
                    step: index as u16,
                    vehicle_may_act: step.vehicle_acts,
                };
                assert_eq!(status, expected);
                for (name, value) in &step.set {
                    assert_eq!(outputs.get(device.output(name).unwrap()), value_of(*value));
                }
                for (name, value) in &step.wait {
                    inputs.set(device.input(name).unwrap(), value_of(*value));
                }
            }
            let status = instance.step(&programs, &inputs, &mut outputs, 1_000, true);
            assert_eq!(status, Status::Done);
        }
    }
    assert_eq!(allocations(), before, "the cycle does not allocate");
}

#[test]
fn failures_allocate_nothing_either() {
    let floor = builtin("electronics-line").unwrap().unwrap().floor;
    let programs = Programs::new(&floor).unwrap();
    let program = programs.station(StationId(0)).unwrap();
    let before = allocations();
    let mut outputs = Image::ZERO;
    let mut instance = Instance::start(program, Phase::Begin, CONTEXT);
    let faulty = Image::from_words(&[u16::MAX]);
    for now in 0..10 {
        instance.acknowledge();
        let status = instance.step(&programs, &faulty, &mut outputs, now, false);
        assert!(matches!(
            status,
            Status::Failed {
                cause: Cause::DeviceFault,
                clear: false,
                ..
            }
        ));
    }
    let status = instance.step(&programs, &Image::ZERO, &mut outputs, 10, false);
    assert!(matches!(status, Status::Failed { clear: true, .. }));
    assert_eq!(allocations(), before);
    assert!(
        allocations() > 0,
        "the floor was allocated: the counter counts"
    );
}
