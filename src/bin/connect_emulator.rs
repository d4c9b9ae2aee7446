//! Runs the emulator from a seed file until it is interrupted.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use connect_gateway::emulator::{Behaviour, Emulator, Options, Seed, ServiceProvider};

/// A loopback stand-in for Amazon Connect, STS, AWS sign-in, instance sites and an identity provider.
#[derive(Parser)]
#[command(name = "connect-emulator", version)]
struct Arguments {
    /// Seed file.
    #[arg(long, default_value = "config/emulator.toml")]
    seed: PathBuf,
    /// Port of Connect and STS; 0 means any.
    #[arg(long, default_value_t = 0)]
    api_port: u16,
    /// Port of AWS sign-in and the console.
    #[arg(long, default_value_t = 0)]
    signin_port: u16,
    /// Port of the identity provider.
    #[arg(long, default_value_t = 0)]
    idp_port: u16,
    /// Port of an instance's site, as alias=port; may be repeated.
    #[arg(long, value_parser = alias_and_port)]
    site_port: Vec<(String, u16)>,
    /// Where browsers find a part behind a proxy, as part=URL: idp, signin, console or an instance's alias; may be repeated.
    #[arg(long, value_parser = part_and_url)]
    public_url: Vec<(String, String)>,
    /// Entity id of the service provider that the identity provider answers.
    #[arg(long, requires = "sp_acs_url")]
    sp_entity_id: Option<String>,
    /// Its assertion consumer service.
    #[arg(long, requires = "sp_entity_id")]
    sp_acs_url: Option<String>,
    /// URL of its metadata, instead of the two above.
    #[arg(long)]
    sp_metadata_url: Option<String>,
    /// An audience of the identity provider's assertions besides the service provider; may be repeated.
    #[arg(long)]
    idp_audience: Vec<String>,
    /// Large pages, no throttling, no lag, no faults.
    #[arg(long)]
    kind: bool,
    /// Share of Connect calls that fail, 0 to 1.
    #[arg(long)]
    fault_rate: Option<f64>,
}

fn alias_and_port(text: &str) -> Result<(String, u16), String> {
    let (alias, port) = text.split_once('=').ok_or("write alias=port")?;
    Ok((alias.to_owned(), port.parse().map_err(|_| "the port is no number")?))
}

fn part_and_url(text: &str) -> Result<(String, String), String> {
    let (part, url) = text.split_once('=').ok_or("write part=URL")?;
    Ok((part.to_owned(), url.to_owned()))
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("connect-emulator: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let path = arguments.seed.display().to_string();
    let text = std::fs::read_to_string(&arguments.seed).map_err(|error| format!("{path}: {error}"))?;
    let seed = Seed::parse(&text).map_err(|error| format!("{path}: {error}"))?;
    let emulator =
        Emulator::start(options(arguments, seed.clone())).await.map_err(|error| error.to_string())?;
    announce(&emulator, &seed);
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}

fn options(arguments: Arguments, seed: Seed) -> Options {
    let mut options = Options::loopback(seed);
    options.ports.api = arguments.api_port;
    options.ports.signin = arguments.signin_port;
    options.ports.idp = arguments.idp_port;
    options.ports.sites.extend(arguments.site_port);
    for (part, url) in arguments.public_url {
        match part.as_str() {
            "idp" => options.public.idp = Some(url),
            "signin" => options.public.signin = Some(url),
            "console" => options.public.console = Some(url),
            _ => drop(options.public.sites.insert(part, url)),
        }
    }
    if arguments.kind {
        options.behaviour = Behaviour::kind();
    }
    if let Some(rate) = arguments.fault_rate {
        options.behaviour.fault_rate = rate;
    }
    if let (Some(entity_id), Some(acs_url)) = (arguments.sp_entity_id, arguments.sp_acs_url) {
        options.idp.service_providers.push(ServiceProvider {
            entity_id,
            acs_url,
            logout_url: None,
            certificates: Vec::new(),
        });
    }
    options.idp.audiences = arguments.idp_audience;
    options.idp.metadata_urls.extend(arguments.sp_metadata_url);
    options
}

fn announce(emulator: &Emulator, seed: &Seed) {
    println!("Connect and STS    {}", emulator.api_url());
    println!("AWS sign-in        {}/federation", emulator.signin_url());
    println!("AWS console        {}", emulator.console_url());
    println!("IdP metadata       {}", emulator.idp_metadata_url());
    for instance in &seed.instances {
        println!(
            "Instance {:<9} {}  (id {})",
            instance.alias,
            emulator.site_url(&instance.alias),
            instance.id
        );
    }
    for key in &seed.access_keys {
        println!("Access key         {}  secret {}  ({})", key.id, key.secret, key.arn);
    }
}
