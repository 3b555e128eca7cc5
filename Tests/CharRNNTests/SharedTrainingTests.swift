import CharRNN
import Foundation
import TestSupport
import Testing

/// Devices that share the streams of a batch learn what one device learns.
@Suite struct SharedTrainingTests {
    /// Devices that train together, the model's first.
    struct Group: CustomTestStringConvertible, Sendable {
        let devices: [Device]
        var testDescription: String { devices.map(\.id).joined(separator: ", ") }

        private static func processors(_ count: Int) -> [Device] {
            (0..<count).map { _ in Device.processor(threadCount: 1) }
        }

        /// The CPU's threads, the CPU with each OpenCL device in either order, all OpenCL devices, the cores of each.
        static let all: [Group] =
            [processors(2), processors(3)].map(Group.init)
            + openCL.flatMap { [Group(devices: [.cpu, $0]), Group(devices: [$0, .cpu])] }
            + (openCL.count > 1 ? [Group(devices: openCL)] : [])
            + Dictionary(grouping: OpenCLPlatform.coresOfProcessors(), by: \.platform).values
            .filter { $0.count > 1 }.map { Group(devices: Array($0.prefix(3))) }

        private static let openCL = Device.available.filter(\.isOpenCL)
    }

    /// Five streams are shared out unevenly; the batches of an epoch end within the run.
    private func run(_ example: LearningCase, dropout: Float = 0.3) -> Run {
        var run = Run(cell: example.cell, dropout: dropout, batchSize: 5, text: SmallText.noise(220))
        run.options = .init(
            optimizer: example.optimizer, clipping: .norm(1), decay: .init(factor: 0.9, firstEpoch: 1), seed: 99,
            resetProbability: 0.3)
        return run
    }

    private func trainer(_ run: Run, _ group: Group) throws -> Trainer {
        try run.trainer(on: group.devices[0], sharingWith: Array(group.devices.dropFirst()))
    }

    private func resumed(_ checkpoint: Checkpoint, _ run: Run, _ devices: [Device]) throws -> Trainer {
        try Trainer(
            resuming: checkpoint, dataset: run.dataset(), on: devices[0], sharingWith: Array(devices.dropFirst()))
    }

    private func advance(_ trainer: Trainer, to iteration: Int) throws {
        while trainer.iteration < iteration {
            _ = try trainer.step()
            if trainer.iteration % 5 == 0 { _ = try trainer.evaluate(.validation) }
        }
    }

    @Test(arguments: Group.all, LearningCase.all)
    func theLossesAreThoseOfOneDevice(_ group: Group, _ example: LearningCase) throws {
        for dropout: Float in [0, 0.3] {
            let run = run(example, dropout: dropout)
            let one = try run.trainer()
            let several = try trainer(run, group)
            #expect(several.devices.map(\.id) == group.devices.map(\.id))
            // The first gradient, before the optimizer magnifies the roundings of components near 0.
            _ = try one.step()
            _ = try several.step()
            let gradient = try one.gradientValues().asDoubles
            let size = gradient.map(abs).max()!
            expectClose(
                try several.gradientValues(), gradient, within: example.gradientBound * size, "the first gradient")
            try advance(one, to: 20)
            try advance(several, to: 20)
            expectClose(try several.losses(), try one.losses().asDoubles, within: 1e-4, "losses of 20 steps")
            for (iteration, loss) in one.validationLosses {
                #expect(abs(several.validationLosses[iteration]! - loss) < 1e-4, "validation at \(iteration)")
            }
        }
    }

    @Test(arguments: Group.all, LearningCase.all)
    func aResumedRunHasTheBitsOfOneThatNeverStopped(_ group: Group, _ example: LearningCase) throws {
        let run = run(example)
        let whole = try trainer(run, group)
        try advance(whole, to: 6)
        let saved = try Checkpoint(of: whole).throughFile()
        try advance(whole, to: 12)
        let again = try resumed(saved, run, group.devices)
        try advance(again, to: 12)
        #expect(try Checkpoint(of: again).fileBytes() == Checkpoint(of: whole).fileBytes())
        // The checkpoint knows nothing of devices.
        let alone = try resumed(saved, run, [.cpu])
        try advance(alone, to: 12)
        expectClose(try alone.losses(), try whole.losses().asDoubles, within: 1e-4, "resumed on the CPU")
    }

    @Test(arguments: Group.all, LearningCase.all)
    func aGuardedRunReturnsOnAllDevices(_ group: Group, _ example: LearningCase) throws {
        let run = run(example)
        let spoilt = try trainer(run, group)
        let guardian = try TrainingGuard(spoilt)
        try advance(spoilt, to: 6)
        #expect(try guardian.commit() == nil)
        let good = try Checkpoint(of: spoilt).throughFile()
        var values = try spoilt.model.parameterValues()
        values[0] = .nan
        try spoilt.model.setParameterValues(values)
        _ = try spoilt.step()
        _ = try spoilt.step()
        #expect(try guardian.check(now: true)?.goodIteration == 6)
        // It stands where a run stands that is resumed from the good state, at half the rate.
        let expected = try resumed(good, run, group.devices)
        expectSame(try spoilt.model.parameterValues(), try expected.model.parameterValues())
        #expect(spoilt.learningRate == expected.learningRate / 2)
        #expect(try spoilt.step().loss == expected.step().loss)
    }

    @Test func aDeviceThatDoesNotStartIsAnError() throws {
        let absent = DeviceError.noSuchDevice("opencl:9", available: ["cpu"])
        let broken = Device(
            id: "opencl:9", kind: .discreteGPU, vendor: "", name: "", platform: "", version: "", memoryBytes: 1 << 30
        ) { throw absent }
        #expect(throws: DeviceError.self) { try run(LearningCase.all[0]).trainer(on: .cpu, sharingWith: [broken]) }
    }

    @Test func moreDevicesThanStreamsTrap() async throws {
        let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Run(batchSize: 1).trainer(on: .cpu, sharingWith: [.processor(threadCount: 1)])
        }
        let message = String(decoding: try #require(end).standardErrorContent, as: UTF8.self)
        #expect(message.contains("1 streams"), "\(message)")
    }
}
