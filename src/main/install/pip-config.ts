/** Translates the user's settings for pip (pip.conf, variables) for uv, which does not read them. Pure but for the port. */
import { existingBundle } from './certificates';
import type { Processes } from '../ports/processes';
import type { Files } from '../ports/files';

type Variables = Readonly<Record<string, string>>;

/** `global.index-url='https://…'`, `install.proxy='…'`, `:env:.cert='…'` */
const LINE = /^[\w:]+\.([\w-]+)=(['"])(.*)\2$/;

export function parsePipConfig(output: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [, name, , value] = LINE.exec(line.trim()) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, value.replaceAll('\\n', ' ').trim());
  }
  return found;
}

/** uv's own variables take precedence; so do those for proxies and certificates. */
export function forUv(config: ReadonlyMap<string, string>, env: Variables): Variables {
  const has = (...names: readonly string[]): boolean => names.some((name) => env[name] !== undefined);
  const index = config.get('index-url');
  const extra = config.get('extra-index-url');
  const proxy = config.get('proxy');
  const cert = config.get('cert');
  const links = config.get('find-links');
  const trusted = config.get('trusted-host');
  return {
    ...(index !== undefined && !has('UV_DEFAULT_INDEX', 'UV_INDEX_URL') ? { UV_DEFAULT_INDEX: index } : {}),
    ...(extra !== undefined && !has('UV_INDEX', 'UV_EXTRA_INDEX_URL') ? { UV_INDEX: extra } : {}),
    ...(proxy !== undefined && !has('HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy')
      ? { HTTPS_PROXY: proxy, HTTP_PROXY: proxy }
      : {}),
    ...(cert !== undefined && !has('SSL_CERT_FILE') ? { SSL_CERT_FILE: cert } : {}),
    ...(links !== undefined && !has('UV_FIND_LINKS') ? { UV_FIND_LINKS: links.split(/\s+/).join(',') } : {}),
    ...(trusted !== undefined && !has('UV_INSECURE_HOST') ? { UV_INSECURE_HOST: trusted } : {}),
  };
}

/**
 * pip ships its own certificates, so it gets those that the user or the system trusts. A variable takes precedence over
 * pip's files, as for uv: otherwise one would trust an index that the other refuses.
 */
async function forPip(files: Files, config: ReadonlyMap<string, string>, env: Variables): Promise<Variables> {
  if (env['PIP_CERT'] !== undefined) return {};
  if (env['SSL_CERT_FILE'] === undefined && config.has('cert')) return {};
  const bundle = env['SSL_CERT_FILE'] ?? (await existingBundle(files));
  return bundle === null ? {} : { PIP_CERT: bundle };
}

/** `env` plus the settings from pip's files, for uv and pip. */
export async function withPipConfig(
  ports: { readonly files: Files; readonly processes: Pick<Processes, 'run'> },
  python: string,
  env: Variables,
): Promise<Variables> {
  const args = ['-I', '-m', 'pip', 'config', 'list'];
  const outcome = await ports.processes.run(python, { args, env, timeoutMs: 30_000 });
  const config = parsePipConfig(outcome.kind === 'exited' && outcome.code === 0 ? outcome.stdout : '');
  return { ...env, ...forUv(config, env), ...(await forPip(ports.files, config, env)) };
}
