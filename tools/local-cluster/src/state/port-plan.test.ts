/** The port plan: no port twice, all within its hundred. */
import { describe, expect, it } from 'vitest';
import { BASE_PORT_MAX, PLAN_SIZE, portPlan } from './port-plan.ts';

describe('portPlan', () => {
  it('gives every place a port of its own within the plan', () => {
    const plan = portPlan(BASE_PORT_MAX);
    const rows = [
      plan.redis,
      plan.sentinel,
      plan.engineBridge,
      plan.enginePeer,
      plan.engineHealth,
      plan.backend,
      plan.wardenPeer,
      plan.wardenHealth,
    ];
    const ports = [
      ...rows.flatMap((row) => Array.from({ length: 9 }, (_, index) => row(index))),
      plan.sync,
      plan.clickhouse,
      plan.broker,
      plan.brokerHttp,
    ];
    expect(new Set(ports).size).toBe(ports.length);
    for (const port of ports) {
      expect(port).toBeGreaterThan(BASE_PORT_MAX);
      expect(port).toBeLessThan(BASE_PORT_MAX + PLAN_SIZE);
      expect(port).toBeLessThanOrEqual(65_535);
    }
  });

  it('has no tenth place', () => {
    expect(() => portPlan(18_000).redis(9)).toThrow('9 places');
  });
});
