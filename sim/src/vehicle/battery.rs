//! A battery that is emptied by standing and driving, and filled by a charger.

use takt_maps::Battery as Data;

/// Energy on board, counted in millijoules so that it adds up exactly.
#[derive(Clone, Debug)]
pub struct Battery {
    data: Data,
    capacity_mj: i64,
    energy_mj: i64,
    /// Empty although energy is not modelled.
    flat: bool,
}

/// What the energy is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// Standing by.
    Idle,
    /// Driving, turning or handing over a load.
    Drive,
    /// A charger gives energy.
    Charge,
}

impl Battery {
    /// A battery filled to `permille` (at most 1000).
    pub fn new(data: &Data, permille: u16) -> Self {
        let capacity_mj = i64::from(data.capacity_wh) * 3_600_000;
        Self {
            data: data.clone(),
            capacity_mj,
            energy_mj: capacity_mj / 1000 * i64::from(permille.min(1000)),
            flat: false,
        }
    }

    /// Uses, or takes in, energy for `dt_ms`.
    pub fn step(&mut self, used: Use, dt_ms: u32) {
        if self.capacity_mj == 0 {
            self.flat &= used != Use::Charge;
            return;
        }
        let watts = match used {
            Use::Idle => -i64::from(self.data.idle_w),
            Use::Drive => -i64::from(self.data.drive_w),
            Use::Charge => i64::from(self.data.charge_w),
        };
        self.energy_mj = (self.energy_mj + watts * i64::from(dt_ms)).clamp(0, self.capacity_mj);
    }

    /// State of charge, `0 ..= 1000`; 1000 when energy is not modelled.
    pub fn permille(&self) -> u16 {
        if self.capacity_mj == 0 {
            return if self.flat { 0 } else { 1000 };
        }
        (self.energy_mj * 1000 / self.capacity_mj) as u16
    }

    /// Is nothing left?
    pub fn empty(&self) -> bool {
        self.flat || (self.capacity_mj > 0 && self.energy_mj == 0)
    }

    /// All energy is gone at once.
    pub fn drain(&mut self) {
        self.energy_mj = 0;
        self.flat = self.capacity_mj == 0;
    }

    /// It is full at once.
    pub fn fill(&mut self) {
        self.energy_mj = self.capacity_mj;
        self.flat = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Data {
        Data {
            capacity_wh: 100,
            idle_w: 10,
            drive_w: 100,
            charge_w: 200,
            low_permille: 200,
            enough_permille: 800,
        }
    }

    #[test]
    fn an_hour_of_driving_takes_its_watt_hours_and_half_an_hour_gives_them_back() {
        let mut battery = Battery::new(&data(), 1000);
        for _ in 0..360_000 {
            battery.step(Use::Drive, 10);
        }
        assert!(battery.empty());
        for _ in 0..180_000 {
            battery.step(Use::Charge, 10);
        }
        assert_eq!(battery.permille(), 1000);
    }

    #[test]
    fn energy_that_is_not_modelled_never_ends() {
        let mut battery = Battery::new(&Data::default(), 0);
        battery.step(Use::Drive, 1_000_000);
        assert!(!battery.empty());
        assert_eq!(battery.permille(), 1000);
    }
}
