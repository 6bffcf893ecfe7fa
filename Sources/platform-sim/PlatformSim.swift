import ArgumentParser

@main
struct PlatformSim: ParsableCommand {
    func run() throws {}
}
