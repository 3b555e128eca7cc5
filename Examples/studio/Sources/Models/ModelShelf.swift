import CharRNN
import FoundationEssentials
import Hummingbird

/// The models that were asked for last, ready to write.
actor ModelShelf {
    private let folder: StudioFolder
    private let device: Device
    private let worker: Worker
    private let limits: Limits
    /// That which was asked for last at the end.
    private var slots: [Slot] = []

    private struct Slot {
        let name: String
        let stamp: StudioFolder.Stamp
        let model: Task<ServedModel, any Error>
    }

    init(folder: StudioFolder, device: Device, worker: Worker, limits: Limits) {
        self.folder = folder
        self.device = device
        self.worker = worker
        self.limits = limits
    }

    var count: Int { slots.count }

    /// The model of a file, as that is now.
    ///
    /// - Throws: ``Refusal`` when there is none of that name, or it cannot be read.
    func model(named name: String) async throws -> ServedModel {
        let (path, stamp) = try folder.model(name)
        if let place = slots.firstIndex(where: { $0.name == name }) {
            let slot = slots.remove(at: place)
            if slot.stamp == stamp {
                slots.append(slot)
                return try await slot.model.value
            }
        }
        let (worker, device, root, texts) = (worker, device, folder.path, limits.texts)
        let task = Task {
            try await worker.run {
                do {
                    let model = try LanguageModel(contentsOf: URL(fileURLWithPath: path), on: device)
                    return ServedModel(model, texts: texts)
                } catch {
                    // The name is enough; where the folder is does not concern the client.
                    let reason = "\(error)".replacing(URL(fileURLWithPath: root).path + "/", with: "")
                    throw Refusal(.unprocessableContent, "the model \(name)", reason)
                }
            }
        }
        slots.append(Slot(name: name, stamp: stamp, model: task))
        // Texts that are being written keep theirs until they are done.
        if slots.count > limits.models { slots.removeFirst() }
        do { return try await task.value } catch {
            slots.removeAll { $0.model == task }
            throw error
        }
    }
}

/// A model that writes for many.
final class ServedModel: Sendable {
    let model: LanguageModel
    let batcher: Batcher

    init(_ model: LanguageModel, texts: Int) {
        self.model = model
        batcher = Batcher(model, capacity: texts)
    }
}
